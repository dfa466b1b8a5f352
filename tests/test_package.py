"""The package as a whole: quick to import, complete, and typed."""

import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import attnrec_lite
from attnrec_lite import models

HEAVY = ("tensorflow", "keras", "pandas", "matplotlib", "seaborn", "requests", "pooch", "h5py")
PROBE = """
import json, sys, time
start = time.perf_counter()
{statement}
print(json.dumps([time.perf_counter() - start, sorted(sys.modules)]))
"""


def probe(statement):
    """Seconds and modules that a statement costs in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(statement=statement)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    seconds, modules = json.loads(done.stdout)
    return seconds, {name.split(".")[0] for name in modules}


def test_importing_the_package_is_quick_and_pulls_in_nothing_heavy():
    best, modules = min(probe("import attnrec_lite") for _ in range(4))
    assert best < 0.5
    assert modules.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "statement",
    [
        "from attnrec_lite import formulas, evaluation, explain, data",
        "from attnrec_lite.models import Popularity",
    ],
)
def test_what_needs_no_network_does_not_wait_for_tensorflow(statement):
    assert probe(statement)[1].isdisjoint({"tensorflow", "keras", "matplotlib", "pandas"})


def test_a_module_is_there_as_soon_as_it_is_named():
    statement = "import attnrec_lite; attnrec_lite.formulas.softmax([1.0])"
    assert probe(statement)[1].isdisjoint(HEAVY)


def test_every_public_module_is_listed_before_it_is_imported_and_can_be_named():
    found = {m.name for m in pkgutil.iter_modules(attnrec_lite.__path__) if m.name[0] != "_"}
    code = "import attnrec_lite; print(*dir(attnrec_lite))"
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found <= set(listed.stdout.split())
    for name in found:
        assert getattr(attnrec_lite, name) is import_module(f"attnrec_lite.{name}")


def test_what_dir_lists_can_be_named():
    for name in dir(attnrec_lite):
        assert getattr(attnrec_lite, name) is not None
    for name in models.__all__:
        assert getattr(models, name).__name__ == name


@pytest.mark.parametrize("module", [attnrec_lite, models])
def test_an_unknown_name_is_an_attribute_error(module):
    with pytest.raises(AttributeError, match=r"^module 'attnrec_lite.*has no attribute 'nothing'"):
        _ = module.nothing
    assert not hasattr(module, "__wrapped__")


def test_all_names_exist_and_are_documented():
    for name in ("attention", "data", "evaluation", "experiments", "formulas", "models"):
        module = import_module(f"attnrec_lite.{name}")
        assert module.__doc__
        for public in module.__all__:
            thing = getattr(module, public)
            assert thing.__doc__ if callable(thing) else thing is not None


def test_the_version_is_that_of_the_installed_package():
    assert attnrec_lite.__version__ == version("attnrec_lite")


def test_the_package_says_that_it_is_typed():
    assert (Path(attnrec_lite.__file__).parent / "py.typed").is_file()
