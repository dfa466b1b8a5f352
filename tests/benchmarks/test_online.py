"""The benchmark of drift runs at a small size, and says what it measured."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from attnrec_lite import results

pytestmark = pytest.mark.slow


@pytest.fixture
def online(root, monkeypatch):
    spec = spec_from_file_location("bench_online", root / "benchmarks" / "online.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "one_core", lambda: None)  # the tests compute already
    return module


def test_every_way_lives_through_every_day(online, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(online, "SHOP", {"n_users": 60, "n_items": 60, "days": 12, "rate": 0.3})
    monkeypatch.setattr(online, "FIRST", 9)
    monkeypatch.setattr(online, "HOW", {**online.HOW, "epochs": 1})
    phases = {"winter": (9, 11), "summer comes back": (10, 12)}
    monkeypatch.setattr(online, "PHASES", phases)
    small = online.click
    monkeypatch.setattr(online, "click", lambda: small(n_items=50, clicks=5))
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["online.py", "0", "1", "--out", str(out)])
    online.main()
    found = json.loads(out.read_text())
    ways = [online.RULE, *online.WAYS]
    assert [(r["way"], r["seed"]) for r in found["rows"]] == [(w, s) for s in (0, 1) for w in ways]
    assert all(len(r["ndcg@10"]) == 3 for r in found["rows"])
    by_way = {r["way"]: r for r in found["rows"][:6]}
    assert by_way["never"]["ndcg@10"][0] == by_way["replay"]["ndcg@10"][0]  # nothing learned yet
    assert by_way["never"]["ndcg@10"][2] != by_way["replay"]["ndcg@10"][2]
    assert np.mean(by_way["the shop's rule"]["ndcg@10"]) == max(
        np.mean(r["ndcg@10"]) for r in by_way.values()
    )
    assert by_way["nightly"]["night_cpu_seconds"] > by_way["never"]["night_cpu_seconds"]
    assert found["click"]["largest_difference"] < 1e-5
    assert "more than never" in capsys.readouterr().out
    asked = ["online.py", "1", "--ways", "never", "--out", str(out)]
    monkeypatch.setattr("sys.argv", asked)
    online.main()  # what is measured again is replaced, the rest stays
    assert len(json.loads(out.read_text())["rows"]) == len(found["rows"])


def test_the_kept_figures_are_of_what_is_measured_now(online, root):
    kept = results.load("online")
    runs = [(r["way"], r["seed"]) for r in kept["rows"]]
    seeds = {seed for _, seed in runs}
    assert len(set(runs)) == len(runs)
    assert len(seeds) >= 3
    assert set(runs) == {(w, s) for w in (online.RULE, *online.WAYS) for s in seeds}
    days = online.SHOP["days"] - online.FIRST
    assert all(len(r["targets"]) == days for r in kept["rows"])
    assert {name: tuple(days) for name, days in kept["phases"].items()} == online.PHASES
    assert kept["click"]["state_ms"] < 5
