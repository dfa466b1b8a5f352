"""The benchmark of privacy runs at a small size, and says what it measured."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from attnrec_lite import results


@pytest.fixture
def privacy(root):
    spec = spec_from_file_location("bench_privacy", root / "benchmarks" / "privacy.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_part_runs_at_a_small_size(privacy, capsys, monkeypatch, tmp_path):
    small = {
        "SHOP": {"n_users": 120, "n_items": 60},
        "EPSILONS": (8.0,),
        "DELTA": 1e-3,
        "USERS": (120,),
        "NOISES": (8.0,),
        "KNOWN": (2,),
        "MODELS": 4,
        "ROUNDS": 2,
        "LEAKS": 3,
        "EVENTS": (2,),
        "DAYS": (30.0,),
        "FILMS": 150,
    }
    for name, value in small.items():
        monkeypatch.setattr(privacy, name, value)
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["privacy.py", "1", "--out", str(out)])
    privacy.main()
    found = json.loads(out.read_text())
    assert {r["part"] for r in found["rows"]} == set(privacy.PARTS)
    ways = [r["way"] for r in found["rows"] if r["part"] == "unlearning"]
    assert ways == ["closed form", *["shards"] * 3, *["attack on the deleted"] * 2]
    by_leak = {r["leak"]: r for r in found["rows"] if "leak" in r}
    assert by_leak["one step"]["whole_history"] == 1
    assert by_leak["one step"]["auc"] > by_leak["one step, one masked"]["auc"]
    assert "quality: ndcg@10" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["privacy.py", "2", "--parts", "minimise", "--out", str(out)])
    privacy.main()  # another seed is added, the rest stays
    again = json.loads(out.read_text())["rows"]
    assert {r["seed"] for r in again if r["part"] == "minimise"} == {1, 2}
    assert [r for r in again if r["seed"] == 1] == found["rows"]


def test_the_kept_figures_are_of_what_is_measured_now(privacy, root):
    kept = results.load("privacy")
    assert kept["shop"] == privacy.SHOP
    assert kept["delta"] == privacy.DELTA
    rows = {part: [r for r in kept["rows"] if r["part"] == part] for part in privacy.PARTS}
    for part, found in rows.items():
        seeds = {r["seed"] for r in found}
        assert len(seeds) >= {"accountant": 1}.get(part, 3), part
        assert 0 not in seeds  # settings were chosen on it
        assert len({json.dumps(r, sort_keys=True) for r in found}) == len(found)
        per_seed = {sum(r["seed"] == seed for r in found) for seed in seeds}
        assert len(per_seed) == 1, part
    assert {r["epsilon"] for r in rows["quality"]} == {None, *privacy.EPSILONS}
    assert {r["noise"] for r in rows["accountant"]} == set(privacy.NOISES)
    assert {r["known"] for r in rows["linkage"]} == set(privacy.KNOWN)
    assert {r.get("amount") for r in rows["minimise"]} == {None, *privacy.EVENTS, *privacy.DAYS}


def test_the_kept_figures_agree_with_the_accountants(root):
    rows = results.load("privacy")["rows"]
    for r in (r for r in rows if r["part"] == "accountant"):
        assert r["tighter"] <= r["ours"] <= r["library"] * 1.01
        assert r["ours"] > 0.99 * r["library"] or r["library"] > 10
    for r in (r for r in rows if r["part"] == "membership" and r["allowed@1%"]):
        assert r["low"] <= r["allowed@1%"]
