"""The benchmarks of serving, Spark and growth run at a small size, and say what they measured."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from attnrec_lite import results

pytestmark = pytest.mark.slow


def benchmark(root, name):
    spec = spec_from_file_location(f"bench_{name}", root / "benchmarks" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(module, monkeypatch, out, *words):
    monkeypatch.setattr("sys.argv", ["bench", *words, "--out", str(out)])
    module.main()
    return json.loads(out.read_text())


def test_a_service_is_asked_and_its_worker_killed(root, monkeypatch, tmp_path):
    bench = benchmark(root, "serving")
    monkeypatch.setattr(bench, "ITEMS", 300)
    monkeypatch.setattr(bench, "SIZES", {"width": 8, "blocks": 1, "window": 5})
    monkeypatch.setattr(bench, "CLIENTS", 4)
    monkeypatch.setitem(bench.CASES["steady"], "rate", 20.0)
    monkeypatch.setitem(bench.CASES["killed"], "rate", 20.0)
    out = tmp_path / "found.json"
    found = run(bench, monkeypatch, out, "steady", "killed", "--seconds", "4")
    for row in found["rows"]:
        assert row["answered"] == row["sent"] > 20
        assert 0 < row["ms"]["p50"] <= row["ms"]["p95"] <= row["ms"]["p99"] <= row["ms"]["max"]
        assert row["rows_a_batch"] >= 1
        assert all(mb > 100 for _, mb in row["resident_mb"])
    found = run(bench, monkeypatch, out, "steady", "--seconds", "1")  # takes the old row's place
    assert sorted(row["case"] for row in found["rows"]) == ["killed", "steady"]


def test_a_click_is_timed_three_ways(root, monkeypatch):
    bench = benchmark(root, "serving")
    monkeypatch.setattr(bench, "CLICKS", 3)
    monkeypatch.setattr(bench, "ITEMS", 300)
    monkeypatch.setattr("attnrec_lite.command.train.one_core", lambda: None)
    found = bench.click()
    assert all(found[way]["p50"] > 0 for way in ("session", "graph", "model"))


def test_spark_and_memory_agree(root, monkeypatch, tmp_path):
    pytest.importorskip("pyspark")
    row = run(benchmark(root, "spark"), monkeypatch, tmp_path / "s.json", "--events", "20000")[
        "rows"
    ][0]
    assert row["same"]
    assert row["users"] == len(np.unique(benchmark(root, "spark").make_log(20_000)[:, 0]))


def test_growth_is_measured_point_by_point(root, monkeypatch, tmp_path):
    bench = benchmark(root, "growth")
    assert len(bench.points((1, 2, 4))) == 9
    rows = [
        {"axis": p["axis"], **{k: p[k] for k in bench.BASE}, **dict.fromkeys(bench.COSTS, 1.0)}
        | {"train": float(p["users"] * p["length"] ** 2)}
        for p in bench.points((1, 2, 4))
    ]
    found = bench.slopes(rows)
    assert [found[axis]["train"] for axis in bench.BASE] == [1, 0, 2, 0]
    monkeypatch.setattr("attnrec_lite.command.train.one_core", lambda: None)
    costs = bench.measure(users=20, items=50, length=4, width=8)
    assert set(costs) == set(bench.COSTS)
    assert costs["weights_mb"] > 50 * 9 * 4 / 2**20


@pytest.mark.parametrize("name", ["serving", "spark", "growth"])
def test_the_kept_figures_are_of_what_is_measured_now(root, name):
    bench = benchmark(root, name)
    kept = results.load(name)
    if name == "serving":
        assert [row["case"] for row in kept["rows"]] == list(bench.CASES)
        assert (kept["items"], kept["model"]) == (bench.ITEMS, bench.SIZES)
        assert all(row["answered"] == row["sent"] for row in kept["rows"][1:])
    elif name == "growth":
        assert kept["base"] == bench.BASE
        sizes = [{k: row[k] for k in ("axis", *bench.BASE)} for row in kept["rows"]]
        assert sizes == bench.points(bench.TIMES)
        assert kept["slopes"] == bench.slopes(kept["rows"])
    else:
        assert kept["rows"][0]["events"] == 10_000_000
        assert kept["rows"][0]["same"]
