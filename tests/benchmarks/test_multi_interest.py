"""The benchmark of interests: its interval, its rows, its cost; what is kept is current."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from attnrec_lite import results
from attnrec_lite.data import Vocabulary
from attnrec_lite.models import MultiInterest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(root):
    path = root / "benchmarks" / "multi_interest.py"
    spec = spec_from_file_location("bench_multi_interest", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_margin_is_the_mean_difference_of_the_users_asked_for(bench):
    ours, theirs = np.array([[1.0, 0, 1], [1, 0, 0]]), np.array([[0.0, 0, 1], [1, 0, 0]])
    found = bench.margin(ours, theirs, np.array([True, True, False]))
    assert (found["mean"], found["users"]) == (0.25, 2)
    assert found["low"] <= 0.25 <= found["high"]


def test_the_interval_covers_seeds_as_well_as_users(bench):
    rng = np.random.default_rng(0)
    zero, all_users = np.zeros((5, 900)), np.ones(900, bool)
    by_user = np.tile(rng.normal(size=900), (5, 1))
    by_seed = np.tile(rng.normal(size=(5, 1)), (1, 900))
    for apart, spread in ((by_user, 1 / 30), (by_seed, by_seed[:, 0].std() / 5**0.5)):
        found = bench.margin(apart, zero, all_users)
        assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * spread, rel=0.15)


def test_models_are_measured_and_written_shop_by_shop(bench, capsys, monkeypatch, tmp_path):
    small = {
        "one vector": lambda items, seed: MultiInterest(items, 4, interests=1, seed=seed),
        "qkv": lambda items, seed: MultiInterest(items, 4, interests=1, seed=seed),
        "attention": lambda items, seed: MultiInterest(items, 4, seed=seed),
    }
    monkeypatch.setattr(bench, "MODELS", small)
    monkeypatch.setattr(bench, "one_thread", lambda: None)  # the tests compute already
    out = tmp_path / "found.json"
    other = {"shop": "alike", "model": "attention", "seed": 0}
    stale = {"shop": "shop", "model": "gone", "seed": 0}
    out.write_text(json.dumps({"rows": [other, stale], "margins": []}))
    given = ["--seeds", "1", "--users", "60", "--out", str(out), "--shops", "shop"]
    monkeypatch.setattr("sys.argv", ["multi_interest.py", *given])
    bench.main()
    found = json.loads(out.read_text())
    assert found["rows"][0] == other  # a run replaces the rows of its own shops alone
    rows = found["rows"][1:]
    assert [(row["shop"], row["model"], row["seed"]) for row in rows] == [
        ("shop", name, 0) for name in small
    ]
    for row in rows:
        assert ("agreement" in row) == (row["model"] == "attention")
        assert row["settings"]["width"] == 4
    assert len(found["margins"]) == 2 * 2  # over each of one vector, for each group of users
    assert "margin in recall@20" in capsys.readouterr().out


def test_exact_lists_by_several_interests_are_quick(bench):
    found = bench.retrieval(share=0.01)
    assert found["users"] == 310
    assert found["cpu_seconds"] < 2 * found["limit"]  # at a small share the start counts


def test_the_kept_figures_are_of_the_models_as_they_are_now(bench, root):
    kept = results.load("multi_interest")
    items = Vocabulary(np.arange(240))
    for row in kept["rows"]:
        config = bench.MODELS[row["model"]](items, 0).config()
        del config["seed"]
        assert row["settings"] == config, row["model"]
    runs = {(row["shop"], row["model"], row["seed"]) for row in kept["rows"]}
    assert len(runs) == len(kept["rows"])
    assert kept["retrieval"]["cpu_seconds"] < kept["retrieval"]["limit"] == bench.LIMIT
