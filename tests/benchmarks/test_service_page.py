"""The page of the service is what its script writes, and its limits are those of the code."""

import copy
import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from attnrec_lite.serving import Limits, create_app
from attnrec_lite.serving.service import LONGEST

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def writer():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        spec = importlib.util.spec_from_file_location("write_service", FOLDER / "write_service.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(writer):
    return [writer.read(name) for name in writer.NAMES]


def test_the_page_is_what_the_script_writes(writer, results):
    assert writer.PAGE.read_text() == writer.page(*results), "run benchmarks/write_service.py"


def test_a_changed_result_changes_the_page(writer, results):
    page = writer.page(*results)
    for number, path in enumerate(
        [("rows", 0, "answered"), ("rows", 0, "spark_seconds"), ("slopes", "length", "train")]
    ):
        changed = copy.deepcopy(results)
        part = changed[number]
        for key in path[:-1]:
            part = part[key]
        if path[-1] == "answered":  # whichever row is the steady one
            part = next(row for row in changed[0]["rows"] if row["case"] == "steady")
        part[path[-1]] += 13
        assert writer.page(*changed) != page, path


def test_the_kept_runs_meet_what_a_busy_shop_asks(results):
    rows = {row["case"]: row for row in results[0]["rows"]}
    steady, killed = rows["steady"], rows["killed"]
    assert steady["seconds"] >= 600
    assert steady["ms"]["p95"] < 50
    assert steady["answered"] == steady["sent"] >= 0.98 * 300 * steady["seconds"]
    assert killed["answered"] == killed["sent"]
    assert killed["again"] > 0
    assert results[0]["items"] == 24_000


def test_its_code_is_code_and_imports_what_there_is(writer):
    blocks = re.findall(r"```python\n(.*?)```", writer.PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        compile(block, "service.md", "exec")
        for module, names in re.findall(r"^from (\S+) import (.+)$", block, re.MULTILINE):
            found = importlib.import_module(module)
            for name in names.split(", "):
                assert hasattr(found, name), f"{module}.{name}"


def test_its_limits_are_those_of_the_code(writer):
    page = writer.PAGE.read_text()
    limits = inspect.signature(Limits).parameters
    app = inspect.signature(create_app).parameters
    assert f"more than {LONGEST:,} items" in page
    assert f"more than {limits['largest'].default // 1024} KiB" in page
    assert f"within {limits['seconds'].default:g} seconds" in page
    assert f"more than {app['waiting'].default:,} requests waiting" in page
    assert f"no answer within {app['seconds'].default:g} seconds" in page
