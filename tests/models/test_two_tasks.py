"""Two labels for each row, and one network with two heads."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import make_planted, make_purchases
from attnrec_lite.formulas import auc, two_task_loss
from attnrec_lite.models import ClickModel, TwoTasks, load, train_together
from attnrec_lite.models.two_tasks import TASKS

ROWS = make_purchases(600)


def small(seed=0, **options):
    return TwoTasks(ROWS.items, width=4, groups=ROWS.category, seed=seed, **options)


def test_nobody_buys_without_a_click_and_the_clicks_are_those_of_planted_rows():
    assert not (ROWS.bought[ROWS.label == 0] == 1).any()
    assert_array_equal(ROWS.label, make_planted("quality", 600).label)
    rows = make_purchases(20_000)
    assert rows.bought[rows.label == 1].mean() == pytest.approx(0.33, abs=0.05)
    assert auc(rows.bought[rows.label == 1], rows.chance[rows.label == 1]) > 0.6  # related


def test_forgotten_labels_are_not_known_and_the_others_stay():
    few = ROWS.forget("purchase", 10)
    assert_array_equal(few.bought[:10], ROWS.bought[:10])
    assert (few.bought[10:] == -1).all()
    assert_array_equal(few.label, ROWS.label)
    assert (ROWS.forget("click").label == -1).all()
    assert_array_equal(ROWS.select(np.arange(5)).bought, ROWS.bought[:5])


@pytest.mark.parametrize("weight", [0.2, 0.9])
def test_the_loss_is_the_formula_and_labels_that_are_not_known_do_not_count(weight):
    model, rows = small(weight=weight), ROWS.forget("purchase", 50)
    odds = np.log(model.chances(rows) / (1 - model.chances(rows)))
    expected = two_task_loss(odds[:, 0], odds[:, 1], rows.label, rows.bought, weight)
    y = model._labels(rows)[:, None].astype(np.float32)
    found = model.network.compute_loss(None, y, odds[:, None].astype(np.float32))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_a_head_of_a_task_without_labels_stays_and_the_body_learns():
    model = small()
    before = {name: array.copy() for name, array in model._arrays().items()}
    model.fit(ROWS.forget("purchase"), epochs=1)
    after = model._arrays()
    assert_array_equal(after["buy_matrix"], before["buy_matrix"])
    assert not np.array_equal(after["out_matrix"], before["out_matrix"])
    assert not np.array_equal(after["hidden_matrix"], before["hidden_matrix"])


def test_it_saves_itself_and_weights_sum_to_1(tmp_path):
    model = small().fit(ROWS, epochs=1)
    again = load(model.save(tmp_path / "model.npz"), ClickModel)
    assert_array_equal(again.chances(ROWS), model.chances(ROWS))
    assert model.chances(ROWS).shape == (600, len(TASKS))
    assert_allclose(model.weights(ROWS).sum(axis=1), 1, atol=1e-5)
    assert model.attention(ROWS).axes == ("user", "key")


@pytest.mark.slow
def test_few_purchases_are_learned_better_beside_clicks():
    train, choose, judge = make_purchases().split()
    few = train.forget("purchase", 300), choose.forget("purchase", 75)
    found = []
    for rows, check in (few, [part.forget("click") for part in few]):
        models = [TwoTasks(ROWS.items, groups=ROWS.category, seed=seed) for seed in range(3)]
        train_together(models, [rows] * 3, [check] * 3)
        found.append(np.mean([auc(judge.bought, m.chances(judge)[:, 1]) for m in models]))
    assert found[0] > found[1] + 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small(weight=1.0), "^weight"),
        (lambda: small().fit(make_planted(n=50)), "^rows: expected Purchases"),
        (lambda: small().fit(ROWS.forget("click").forget("purchase")), "^trains: expected labels"),
        (lambda: ROWS.forget("both"), "^task: expected one of click, purchase"),
        (lambda: ROWS.forget("click", -1), "^known"),
        (lambda: make_purchases(0), "^n"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_purchase_without_a_click_is_refused():
    from dataclasses import replace

    with pytest.raises(ValueError, match="^bought: expected no purchase without a click"):
        replace(ROWS, bought=np.ones(600, np.int8))
