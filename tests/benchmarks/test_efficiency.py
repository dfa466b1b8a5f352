"""The benchmark of efficiency runs at a small size, and says what it measured."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from attnrec_lite import results

pytest.importorskip("faiss")
pytestmark = pytest.mark.slow


@pytest.fixture
def efficiency(root, monkeypatch):
    spec = spec_from_file_location("bench_efficiency", root / "benchmarks" / "efficiency.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "one_core", lambda: None)  # the tests compute already
    return module


@pytest.fixture
def small(efficiency, monkeypatch):
    sizes = {"USERS": 60, "ITEMS": 300, "EPOCHS": 1, "QUERIES": 8, "MILLION": 700}
    for name, value in {**sizes, "LENGTHS": (20, 70)}.items():
        monkeypatch.setattr(efficiency, name, value)
    return efficiency


def test_each_part_is_measured(small, monkeypatch, tmp_path):
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["efficiency.py", "--out", str(out)])
    small.main()
    found = json.loads(out.read_text())
    runs = [(row["length"], row["route"]) for row in found["attention"]]
    assert runs == [(n, route) for n in (20, 70) for route in small.ROUTES]
    assert all(row["ms"] > 0 and row["layer_ms"] > 0 for row in found["attention"])
    rows = {(r["table"], r["bits"], r["per"]): r for r in found["table"]}
    assert len(rows) == 12
    assert all(row["two_stages_recall"] == 1 for row in rows.values())
    huge = [row for key, row in rows.items() if key[0] != "as trained" and key[2] == "tensor"]
    assert all(row["rows_lost"] >= 299 for row in huge)
    assert rows["as trained", 8, "row"]["recall@10"] > 0.9
    for part, items in (("index", 300), ("million", 700)):
        assert {row["items"] for row in found[part]} == {items}
        exact = [row for row in found[part] if row["way"] in ("exact", "two stages", "flat")]
        assert [row["recall@10"] for row in exact] == [1, 1, 1]
    monkeypatch.setattr("sys.argv", ["efficiency.py", "attention", "--out", str(out)])
    small.main()
    again = json.loads(out.read_text())
    assert again["table"] == found["table"]  # parts that are not named stay
    assert len(again["attention"]) == len(found["attention"])


def test_the_kept_figures_are_of_what_is_measured_now(efficiency, root):
    found = results.load("efficiency")
    runs = [(row["length"], row["route"]) for row in found["attention"]]
    assert runs == [(n, route) for n in efficiency.LENGTHS for route in efficiency.ROUTES]
    rows = {(r["table"], r["bits"], r["per"]): r for r in found["table"]}
    per_row = rows["as trained", 8, "row"]
    assert per_row["recall@10"] >= 0.98
    assert per_row["of_float32"] < 0.27
    for part, items in (("index", efficiency.ITEMS), ("million", efficiency.MILLION)):
        assert {row["items"] for row in found.get(part, [])} <= {items}
    assert {row["way"] for row in found["index"]} >= {"exact", "two stages", "lists", "graph"}
