"""Clicks and ratings: figures as the formulas give them, with intervals and the protocol."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite import formulas
from attnrec_lite.evaluation import Protocol, evaluate_clicks, evaluate_ratings
from attnrec_lite.evaluation import labels as module

WORDS = "400 impressions, made up"
RNG = np.random.default_rng(0)
P = RNG.uniform(0.01, 0.99, 400).round(2)  # with ties
Y = (RNG.random(400) < P).astype(int)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.5, 0.6, 0.9])), min_size=1))
def test_every_figure_is_that_of_its_formula_or_says_why_not(rows):
    y, p = (list(column) for column in zip(*rows, strict=True))
    said = [int(chance >= 0.6) for chance in p]
    found = evaluate_clicks(y, p, WORDS, threshold=0.6, draws=5)
    assert float(found["base rate"]) == pytest.approx(np.mean(y))
    for name, call in {
        "accuracy": lambda: formulas.accuracy(y, said),
        "precision": lambda: formulas.precision(y, said),
        "recall": lambda: formulas.recall(y, said),
        "f1": lambda: formulas.f1_score(y, said),
        "log loss": lambda: formulas.log_loss(y, p),
        "auc": lambda: formulas.auc(y, p),
        "calibration error": lambda: formulas.calibration_error(y, p),
    }.items():
        if name in found.undefined:
            with pytest.raises(ValueError, match="expected a 1"):
                call()
            with pytest.raises(ValueError, match=f"^metric: {name} has no value here: "):
                found[name]
            assert found.undefined[name] in str(found)
            assert found.undefined[name] in found._repr_markdown_()
        else:
            assert float(found[name]) == pytest.approx(call(), abs=1e-12)


def test_the_errors_are_those_of_their_formulas():
    found = evaluate_ratings([5, 3, 4], [3, 3, 3], "3 ratings")
    assert [round(float(found[m]), 3) for m in ("mse", "mae", "rmse")] == [1.667, 1, 1.291]


def test_an_interval_is_that_of_the_formula_on_each_resample():
    found = evaluate_clicks(Y, P, WORDS, draws=300, seed=4)
    weights = np.concatenate(list(module._weights(np.arange(400), 300, 4))).astype(int)
    rows = [np.repeat(np.arange(400), w) for w in weights]
    said = (P >= 0.5) * 1
    for name, call in {
        "precision": lambda r: formulas.precision(Y[r], said[r]),
        "recall": lambda r: formulas.recall(Y[r], said[r]),
        "f1": lambda r: formulas.f1_score(Y[r], said[r]),
        "log loss": lambda r: formulas.log_loss(Y[r], P[r]),
        "auc": lambda r: formulas.auc(Y[r], P[r]),
    }.items():
        ends = np.quantile([call(r) for r in rows], [0.025, 0.975])
        assert_allclose([found[name].low, found[name].high], ends, atol=1e-12)


def test_resamples_draw_as_many_as_there_are_whatever_fits_in_memory(monkeypatch):
    whole = np.concatenate(list(module._weights(np.arange(7), 50, 0)))
    assert whole.shape == (50, 7)
    assert np.all(whole.sum(axis=1) == 7)
    assert abs(whole.mean() - 1) < 1e-12
    monkeypatch.setattr(module, "CELLS", 1)
    assert np.array_equal(np.concatenate(list(module._weights(np.arange(7), 50, 0))), whole)


def test_rows_of_one_user_are_drawn_together_and_the_interval_is_wider():
    user = np.repeat(np.arange(20), 20)
    taste = np.repeat(RNG.random(20), 20)
    y = (RNG.random(400) < taste).astype(int)
    weights = next(module._weights(user, 10, 0))
    assert np.all(weights.reshape(10, 20, 20) == weights.reshape(10, 20, 20)[:, :, :1])
    alone, together = (
        evaluate_clicks(y, np.full(400, 0.5), WORDS, users=u)["base rate"] for u in (None, user)
    )
    assert float(alone) == float(together)
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(200):
        off = rng.normal(0, 1, 120)
        found = evaluate_ratings(off, np.zeros(120), "120 ratings", draws=200, seed=seed)["rmse"]
        held += found.low <= 1 <= found.high
    assert 0.88 <= held / 200 <= 0.98


def test_what_has_no_spread_has_no_interval():
    one = evaluate_clicks([1, 0], [0.6, 0.4], WORDS, users=["mia", "mia"])
    assert np.isnan(one["auc"].low)
    assert "no interval" in str(one["auc"])
    assert np.isnan(evaluate_clicks(Y, P, WORDS)["calibration error"].high)


def test_a_table_prints_every_figure_and_the_protocol_once():
    protocol = Protocol("a week of clicks", 400, 400, "what was shown", "kept")
    found = evaluate_clicks(Y, P, protocol, model="wide", draws=20)
    for text in (str(found), repr(found), found._repr_markdown_()):
        assert text.count(str(protocol)) == 1
        for name in found.estimates:
            assert name in text
    assert str(protocol) in str(found["auc"])
    assert "wide" in str(found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluate_clicks([], [], WORDS), "^labels: expected at least one"),
        (lambda: evaluate_clicks([1, 0], [0.5], WORDS), "^chances: expected width 2"),
        (lambda: evaluate_clicks([2], [0.5], WORDS), "^labels: expected 0 and 1 only"),
        (lambda: evaluate_clicks([1], [1.5], WORDS), r"^chances: expected numbers in \[0, 1\]"),
        (lambda: evaluate_clicks([1], [0.0], WORDS), "^chances: expected above 0 and below 1"),
        (lambda: evaluate_clicks([1], [0.5], " "), "^protocol: expected a Protocol"),
        (lambda: evaluate_clicks([1], [0.5], WORDS, 2), r"^threshold: expected .* in \[0, 1\]"),
        (lambda: evaluate_clicks([1], [0.5], WORDS, users=[1, 2]), "^users: expected 1 of them"),
        (lambda: evaluate_clicks([1], [0.5], WORDS, level=1), "^level: expected"),
        (lambda: evaluate_clicks([1], [0.5], WORDS, draws=0), "^draws: expected an integer"),
        (lambda: evaluate_clicks([1], [0.5], WORDS)["ctr"], "^metric: expected one of base rate"),
        (lambda: evaluate_ratings([1, 2], [1], WORDS), "^predicted: expected width 2"),
        (lambda: evaluate_ratings([1], [np.nan], WORDS), "^predicted: expected finite numbers"),
        (lambda: evaluate_ratings([1], [1], ""), "^protocol: expected a Protocol"),
    ],
)
def test_judging_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_certain_and_right_chance_is_allowed():
    assert float(evaluate_clicks([1, 0], [1.0, 0.0], WORDS)["log loss"]) == 0
