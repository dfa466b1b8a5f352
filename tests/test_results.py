"""Results of the benchmarks: each has the script that wrote it, and only known names are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnrec_lite import results

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def test_every_result_has_its_script_and_can_be_read():
    assert len(results.names()) >= 17
    for name in results.names():
        assert (BENCHMARKS / f"{name}.py").exists(), name
        assert results.load(name), name


@pytest.mark.parametrize("name", ["", "nowhere", "../results/online", "online.json"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(ValueError, match=r"name: expected one of applications, .* received"):
        results.load(name)
