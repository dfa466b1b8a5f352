"""The benchmark of newcomers runs at a small size, and its kept figures are of what it measures."""

import json
from importlib import import_module

import pytest

from attnrec_lite import results

pytestmark = pytest.mark.slow
SIZES = {
    "cold_start_known": {"EPOCHS": 1, "KNOWN": (0, 2), "ASKED": 1, "SHOP_USERS": 150},
    "cold_start_help": {"EPOCHS": 1, "LABELLED": (40,), "CUSTOMERS": (0, 10),
                        "PEOPLE": (120, 60), "ROWS": 400},
}  # fmt: skip


@pytest.fixture
def bench(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    module = import_module("cold_start")
    monkeypatch.setattr(module, "one_core", lambda: None)  # the tests compute already
    return module


def test_each_part_is_measured_and_rows_are_replaced(bench, capsys, monkeypatch, tmp_path):
    for name, sizes in SIZES.items():
        for constant, size in sizes.items():
            monkeypatch.setattr(import_module(name), constant, size)
    monkeypatch.setattr(bench, "PARTS", {p: (m, d[:1]) for p, (m, d) in bench.PARTS.items()})
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["cold_start.py", "--seeds", "1", "--out", str(out)])
    bench.main()
    rows = json.loads(out.read_text())["rows"]
    assert {row["part"] for row in rows} == set(bench.PARTS)
    assert all(0 <= row.get("ndcg", row.get("auc")) <= 1 for row in rows)
    assert all(row["low"] <= row["ndcg"] <= row["high"] for row in rows if "low" in row)
    users = [(row["model"], row["known"]) for row in rows if row["part"] == "users"]
    assert len(set(users)) == len(users)
    assert ("segment popularity", 0) in users
    assert "users, shop" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["cold_start.py", "tasks", "--seeds", "1", "--out", str(out)])
    bench.main()
    assert len(json.loads(out.read_text())["rows"]) == len(rows)


def test_the_kept_figures_are_of_what_is_measured_now(bench, root):
    rows = results.load("cold_start")["rows"]
    runs = [
        (r["part"], r["data"], r["seed"], r["model"], r.get("known"), r.get("of")) for r in rows
    ]
    assert len(set(runs)) == len(runs)
    assert {(part, data) for part, data, *_ in runs} == {
        (part, data) for part, (_, logs) in bench.PARTS.items() for data in logs
    }
    for part, data in {run[:2] for run in runs}:
        seeds = {run[2] for run in runs if run[:2] == (part, data)}
        assert len(seeds) >= 3
        each = [{run[3:] for run in runs if run[:3] == (part, data, seed)} for seed in seeds]
        assert all(one == each[0] for one in each)
    known = import_module("cold_start_known")
    assert {r["known"] for r in rows if r["part"] == "users"} == set(known.KNOWN)
