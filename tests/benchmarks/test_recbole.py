"""What RecBole and the package reach by one protocol, as the two runs wrote it down."""

import importlib.util
import json
import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "recbole"
RESULTS = json.loads((FOLDER / "results.json").read_text())
METRICS = ("recall@10", "ndcg@10", "mrr@10")
CLOSE = 0.003


def figures(side, model):
    return {name: RESULTS[side]["metrics"][model][name] for name in METRICS}


def close(found, expected):
    return all(abs(found[name] - expected[name]) <= CLOSE for name in METRICS)


@pytest.mark.parametrize("model", ["Pop", "ItemKNN", "EASE"])
def test_what_is_only_counted_or_solved_agrees_with_recbole(model):
    assert close(figures("ours", model), figures("recbole", model))
    assert all(0.01 < value < 0.3 for value in figures("ours", model).values())


def test_close_is_close_enough_to_tell_models_apart():
    assert not close(figures("ours", "Pop"), figures("recbole", "ItemKNN"))
    assert not close(figures("ours", "Pop"), figures("recbole", "Pop, as it comes"))


def test_the_same_loss_reaches_about_the_same():
    ours, theirs = figures("ours", "BPR"), figures("recbole", "BPR")
    assert all(abs(ours[name] - theirs[name]) < 0.02 for name in METRICS)


def test_the_figures_carry_their_protocol_versions_and_date():
    protocol = RESULTS["protocol"]
    assert "leave-one-out by time" in protocol["split"]
    assert "all 1,682 items" in protocol["ranked"]
    assert "removed" in protocol["ranked"]
    assert "train only" in protocol["learned from"]
    assert protocol["k"] == 10
    assert RESULTS["recbole"]["versions"]["recbole"] == "1.2.1"
    for side in ("recbole", "ours"):
        assert RESULTS[side]["date"] >= "2026-11-22"
        assert "numpy" in RESULTS[side]["versions"]


def test_the_pinned_environment_is_the_one_that_ran():
    pinned = (FOLDER / "requirements.txt").read_text()
    for name, number in RESULTS["recbole"]["versions"].items():
        assert f"{name}=={number.split('+')[0]}" in pinned


@pytest.mark.skipif("RECBOLE_DATA" not in os.environ, reason="RECBOLE_DATA names no ml-100k.inter")
def test_our_part_comes_out_again():
    spec = importlib.util.spec_from_file_location("run_ours", FOLDER / "run_ours.py")
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    log = run.read(Path(os.environ["RECBOLE_DATA"]))
    assert (len(log), log.n_users, log.n_items) == (100_000, 943, 1_682)
    for name in ("Pop", "ItemKNN", "EASE"):
        found = run.measure(run.models(log)[name], log)
        for metric, value in figures("ours", name).items():
            assert found[metric] == pytest.approx(value, abs=1e-4), (name, metric)
