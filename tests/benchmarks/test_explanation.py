"""The benchmark of explanations runs at a small size; its kept figures are of what it is now."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from attnrec_lite import results
from attnrec_lite.data import leave_one_out, make_shop


@pytest.fixture
def bench(root, monkeypatch):
    path = root / "benchmarks" / "explanation.py"
    spec = spec_from_file_location("bench_explanation", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "one_core", lambda: None)  # the tests compute already
    return module


def test_the_kept_figures_are_of_what_is_measured_now(bench, root):
    kept = results.load("explanation")
    by_part = {part: [r for r in kept["rows"] if r["part"] == part] for part in bench.PARTS}
    assert list(kept["sizes"].values()) == [bench.USERS, bench.CASES, bench.PEOPLE]
    seeds = {r["seed"] for r in kept["rows"]}
    assert len(seeds) >= 3
    assert {(s["part"], s["seed"]) for s in kept["seconds"]} == {
        (part, seed) for part in bench.PARTS for seed in seeds
    }
    for part, rows in by_part.items():
        keys = [(r["seed"], *bench.which(r)) for r in rows]
        assert len(set(keys)) == len(keys) > 0
        assert all(set(bench.SHOWN[part]) <= set(r) for r in rows)
    asked = {(r["rule"], r["start"], r["steps"]) for r in by_part["integration"]}
    assert asked == set(bench.INTEGRATION)
    assert {r["push"] for r in by_part["twin"] if "push" in r} == set(bench.PUSHES)
    assert {r["width"] for r in by_part["twin"] if "width" in r} == set(bench.WIDTHS)
    smooth = [
        r for r in by_part["integration"]
        if (r["rule"], r["start"]) == ("gauss", "mean") and r["model"] != "sasrec"
    ]  # fmt: skip
    assert max(r["largest"] for r in smooth) < 0.01  # complete to 1 % at 50 steps
    exact = [r for r in by_part["twin"] if r["how"] == "exact"]
    assert max(r["largest_prediction"] for r in exact) < 1e-3


@pytest.mark.slow
def test_every_part_runs_and_is_kept(bench, capsys, monkeypatch, tmp_path):
    shop = make_shop(n_users=80, n_items=60)
    small = {
        "USERS": 80, "CASES": 2, "PEOPLE": 2, "EPOCHS": dict.fromkeys(bench.EPOCHS, 1),
        "TWIN_EPOCHS": 1, "PUSHES": (0.0,), "WIDTHS": (4,), "RULES": (5,),
        "TRIAL": {"n": 300, "epochs": 1}, "INTEGRATION": bench.INTEGRATION[:1],
        "films": lambda seed: leave_one_out(shop.log),
    }  # fmt: skip
    for name, value in small.items():
        monkeypatch.setattr(bench, name, value)
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["explanation.py", "0", "--out", str(out)])
    bench.main()
    found = json.loads(out.read_text())
    assert {r["part"] for r in found["rows"]} == set(bench.PARTS)
    chance = [r for r in found["rows"] if r.get("account") == "chance"]
    told = [r[key] for r in chance for key in ("named_newest", "named_older")]
    told = [share for share in told if share is not None]  # so small a shop may lack a kind
    assert told
    assert all(0 < share < 1 for share in told)
    assert all(np.isfinite(r["cpu_seconds"]) for r in found["seconds"])
    assert "integration: median" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["x", "0", "--parts", "trial", "--out", str(out)])
    bench.main()  # what is measured again is replaced, the rest stays
    assert len(json.loads(out.read_text())["rows"]) == len(found["rows"])
