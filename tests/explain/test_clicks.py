"""The trial of a click model's weights, on models whose verdict is known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import make_lists, make_planted
from attnrec_lite.explain import click_trial
from attnrec_lite.explain.clicks import dealt, without_each
from attnrec_lite.models.base import as_history

ROWS = make_planted("quality", n=300)


class Judge:
    """A click model in NumPy: a weighted sum of what items are worth."""

    name = "judge"

    def __init__(self, worth, looks):
        self.worth, self.looks = worth, looks

    def weights(self, rows):
        w = self.looks(rows) * (rows.history > 0)
        return (w / np.maximum(w.sum(axis=1, keepdims=True), 1e-12)).astype(np.float32)

    def chances(self, rows, weights=None):
        w = self.weights(rows) if weights is None else weights
        as_history(rows.history, len(rows.items))
        return 1 / (1 + np.exp(-2.2 * (w * self.worth[rows.history]).sum(axis=1)))


def same_kind(rows):
    return (rows.category[rows.history] == rows.category[rows.candidate][:, None]).astype(float)


def test_a_model_that_looks_at_the_cause_is_faithful_and_right():
    found = click_trial(Judge(ROWS.quality, same_kind), ROWS)
    assert found.auc > found.auc_uniform > 0.5
    assert found.auc > found.auc_shuffled
    assert found.right == pytest.approx(1)
    assert found.mass == pytest.approx(1)
    assert found.mass_uniform < 0.6
    assert found.agreement > 0.6
    assert found.effect_right > 0.9
    assert found.moved_mixed > 5 * found.moved_all_match  # equal weights: a shuffle changes nothing
    assert (found.rows, found.mixed) == (
        300,
        int((~ROWS.relevant & (ROWS.history > 0)).any(1).sum()),
    )


def test_a_model_that_looks_elsewhere_may_be_faithful_and_is_not_right():
    found = click_trial(Judge(ROWS.quality, lambda rows: 1.0 - same_kind(rows)), ROWS)
    assert found.right == pytest.approx(0)
    assert found.mass == 0
    assert found.agreement > 0.6


def test_a_model_without_an_opinion_has_no_order_to_agree_with():
    found = click_trial(Judge(np.zeros(201), lambda rows: np.ones(rows.history.shape)), ROWS)
    assert found.auc == found.auc_shuffled == found.auc_uniform == 0.5
    assert np.isnan(found.agreement)
    assert found.moved == 0
    assert found.right == 0.5


def test_weights_are_dealt_out_over_real_items_only():
    rng = np.random.default_rng(0)
    real = ROWS.history > 0
    weights = rng.random(real.shape) * real
    other = dealt(weights, real, rng)
    assert_allclose(np.sort(other, axis=1), np.sort(weights, axis=1))
    assert (other[~real] == 0).all()
    assert (other != weights).any()


def test_each_item_is_taken_out_in_turn():
    rows = make_planted("intensity", n=6)
    model = Judge(rows.quality, same_kind)
    found = without_each(model, rows)
    for row in range(6):
        real = np.flatnonzero(rows.history[row] > 0)
        for place in real:
            w = same_kind(rows)[row].copy()
            w[place] = 0
            w = w / max(w[real].sum(), 1e-12) * (rows.history[row] > 0)
            by_hand = 1 / (1 + np.exp(-2.2 * (w * rows.quality[rows.history[row]]).sum()))
            assert found[row, place] == pytest.approx(by_hand, abs=1e-5)


def test_rows_whose_truth_is_not_about_the_history_are_refused():
    with pytest.raises(
        ValueError, match=r"^rows: expected relevant of shape \(16, 1\), as history"
    ):
        click_trial(Judge(ROWS.quality, same_kind), make_lists(n=2))
