"""The benchmark of compression runs at a small size, and says what it measured."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from attnrec_lite import results

pytestmark = pytest.mark.slow


@pytest.fixture
def compression(root, monkeypatch):
    spec = spec_from_file_location("bench_compression", root / "benchmarks" / "compression.py")
    module = module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, spec.name, module)  # its dataclass looks there
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "one_core", lambda: None)  # the tests compute already
    for name, value in {"USERS": 80, "ITEMS": 60, "EPOCHS": 1, "STUDENT_EPOCHS": 1}.items():
        monkeypatch.setattr(module, name, value)
    return module


def test_each_way_is_measured_and_compared_with_the_model_as_trained(
    compression, capsys, monkeypatch, tmp_path
):
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["compression.py", "--seeds", "1", "--out", str(out)])
    compression.main()
    found = json.loads(out.read_text())
    rows = {row["way"]: row for row in found["rows"]}
    first = rows[compression.AS_TRAINED]
    assert first["change"] == [0, 0, 0]
    assert rows["float16"]["bytes"] * 2 == first["bytes"] == first["bytes_moved"]
    assert rows["int4 per row"]["bytes"] < rows["int8 per row"]["bytes"] < first["bytes"]
    assert rows["student taught"]["multiply_adds"] < first["multiply_adds"] / 10
    assert rows["student taught"]["bytes"] == rows["student alone"]["bytes"]
    gone = [rows[f"{n} of 8 heads gone, least important"]["multiply_adds"] for n in (2, 4, 6)]
    assert first["multiply_adds"] > gone[0] > gone[1] > gone[2]
    assert [line["way"] for line in found["compared"]] == list(rows)
    for line in found["compared"]:
        assert line["low"] <= line["change"] <= line["high"]
    assert "looked up by newest item" in capsys.readouterr().out


def test_the_kept_figures_are_of_what_is_measured_now(compression, root):
    found = results.load("compression")
    runs = [(row["way"], row["seed"]) for row in found["rows"]]
    ways = [line["way"] for line in found["compared"]]
    assert ways[0] == compression.AS_TRAINED
    assert len(set(runs)) == len(runs) == 3 * len(ways)
    assert {"int8 per row", "student taught", "ease", "90% of weights gone"} <= set(ways)
    for name, value in compression.SIZES.items():
        assert found["model"][name] == value
