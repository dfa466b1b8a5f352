"""The benchmarks run, and what they measure stays within generous bounds at a tenth of the size."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from attnrec_lite import results
from attnrec_lite.data import leave_one_out, make_shop

pytestmark = pytest.mark.slow


def script(root, name):
    spec = spec_from_file_location(f"bench_{name}", root / "benchmarks" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def evaluation(root):
    return script(root, "evaluation")


@pytest.fixture(scope="module")
def losses(root):
    return script(root, "losses")


@pytest.fixture(scope="module")
def five_programs(root):
    return script(root, "five_programs")


def test_ranking_and_lists_are_quick_and_small(evaluation):
    found = evaluation.cost(share=0.1)  # a hundredth of the scores: 0.1 s when nothing disturbs
    for name, (seconds, megabytes) in found.items():
        assert seconds < evaluation.LIMITS[name] / 4, name
        assert megabytes < evaluation.MEMORY / 5, name


def test_the_model_of_the_benchmark_scores_by_factors_and_popularity(evaluation):
    model, split = evaluation.make_problem(share=0.01)
    history = split.test.history(slice(0, 3))
    scores = model.score_all(history)
    for row, items in enumerate(history):
        user = model.vectors[items[items > 0]].mean(axis=0)
        expected = model.vectors @ user + model.prior
        np.testing.assert_allclose(scores[row, 1:], expected[1:], rtol=1e-4, atol=1e-4)


def test_the_benchmark_prints_a_table(evaluation, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["evaluation.py", "--share", "0.01"])
    evaluation.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "310 users x 240 items x 50"
    assert [line.split()[0] for line in lines[2:]] == ["evaluate", "recommend"]


def test_five_programs_are_measured_for_each_seed_and_written(
    five_programs, capsys, monkeypatch, tmp_path
):
    small = {"interests": lambda items, seed: five_programs.InterestModel(items, 4, seed=seed)}
    monkeypatch.setattr(five_programs, "PROGRAMS", small)
    monkeypatch.setattr(five_programs, "one_thread", lambda: None)  # the tests compute already
    shop = leave_one_out(make_shop(n_users=60).log)
    monkeypatch.setattr(five_programs, "DATA", {"shop": lambda: shop})
    out = tmp_path / "five.json"
    monkeypatch.setattr("sys.argv", ["five_programs.py", "--seeds", "2", "--out", str(out)])
    five_programs.main()
    found = json.loads(out.read_text())["rows"]
    runs = [("popularity", None), ("successors", None), ("ease", None)]
    runs += [("interests", 0), ("interests", 1)]
    assert [(row["model"], row["seed"]) for row in found] == runs
    assert found[-1]["settings"]["width"] == 4
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[1:]] == [
        "popularity",
        "successors",
        "ease",
        "interests",
    ]
    both = np.array([row["ndcg@10"] for row in found[-2:]])
    assert f"{both.mean():.4f} ± {both.std(ddof=1):.4f}" in lines[-1]


def test_the_kept_figures_are_of_the_programs_as_they_are_now(five_programs, root):
    kept = results.load("five_programs")["rows"]
    for row in kept:
        made = five_programs.PROGRAMS.get(row["model"])
        if made is not None:
            config = made(leave_one_out(make_shop(n_users=5).log).train.items, 0).config()
            del config["seed"]
            assert row["settings"] == config, row["model"]
    models = {(row["data"], row["model"], row["seed"]) for row in kept}
    assert len(models) == len(kept) == 2 * (3 + 3 * len(five_programs.PROGRAMS))


def test_a_way_of_training_is_measured_for_each_seed_and_written(
    losses, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr(losses, "one_core", lambda: None)  # the tests compute already
    monkeypatch.setattr(losses, "WAYS", {"gBCE, K = 8": losses.WAYS["gBCE, K = 8"]})
    monkeypatch.setattr(losses, "EPOCHS", 2)
    monkeypatch.setattr(losses, "make_shop", lambda seed: make_shop(n_users=60, seed=seed))
    out = tmp_path / "losses.json"
    monkeypatch.setattr("sys.argv", ["losses.py", "--seeds", "2", "--out", str(out)])
    losses.main()
    found = json.loads(out.read_text())["rows"]
    assert [(row["seed"], row["epochs"]) for row in found] == [(0, 2), (1, 2)]
    assert found[0]["settings"]["loss"] == "gbce"
    assert found[0]["ndcg@10"] != found[1]["ndcg@10"]
    assert f"{min(row['ndcg@10'] for row in found):.3f} to" in capsys.readouterr().out


def test_the_kept_losses_are_of_the_models_as_they_are_now(losses, root):
    kept = results.load("losses")["rows"]
    items = make_shop(seed=0).log.items
    for row in kept:
        kind, options = losses.WAYS[row["way"]]
        config = kind(items, **losses.SIZES, **options).config()
        del config["seed"]
        assert row["settings"] == config, row["way"]
    assert len({(row["way"], row["seed"]) for row in kept}) == len(kept) == 3 * len(losses.WAYS)


def test_a_kept_loss_comes_out_again(losses, root):
    """The quickest row, on as many threads as the tests have: rounding may differ, not more."""
    kept = results.load("losses")["rows"]
    split = leave_one_out(make_shop(seed=0).log)
    again = losses.measure("full softmax", 0, split)
    assert abs(again["ndcg@10"] - kept[0]["ndcg@10"]) < 0.01
