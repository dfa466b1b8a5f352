"""Target attention in a model: the formula, the count that a softmax forgets, the planted truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Clicks, Vocabulary, make_planted
from attnrec_lite.models import DIN, train_together

GOODS = Vocabulary(np.arange(1, 9))
GROUPS = np.array([-1, 0, 0, 0, 0, 1, 1, 1, 1])
ATTENTIVE = ("softmax", "none", "gate")


def table(*histories, candidate=1):
    length = max(1, *map(len, histories))
    rows = [[0] * (length - len(h)) + list(h) for h in histories]
    return Clicks(GOODS, rows, [candidate] * len(rows))


def built(normaliser="softmax", seed=0, **options):
    return DIN(GOODS, width=3, normaliser=normaliser, groups=GROUPS, seed=seed, **options)


def by_hand(model, history, candidate):
    """Log odds and weights of one row, from the formulas and a plain network."""
    w = {name: array.astype(np.float64) for name, array in model._arrays().items()}
    item = w["own"] + w["shared"][np.maximum(GROUPS, 0)]
    h, e = item[[i for i in history if i]], item[candidate]
    if model.normaliser in ATTENTIVE:
        scores = formulas.activation_unit(
            h, e, w["unit_matrix"].T, w["unit_offset"][0], w["vote_matrix"][:, 0],
            float(w["vote_offset"][0, 0]),
        )  # fmt: skip
    weights = {
        "softmax": lambda: formulas.softmax(scores) if len(h) else np.zeros(0),
        "none": lambda: scores,
        "gate": lambda: formulas.sigmoid(scores),
        "mean": lambda: np.full(len(h), 1 / max(1, len(h))),
        "sum": lambda: np.ones(len(h)),
    }[model.normaliser]()
    z = formulas.unnormalised_sum(weights, h)
    read = np.maximum(np.concatenate([z, e, z * e]) @ w["hidden_matrix"] + w["hidden_offset"], 0)
    return (read @ w["out_matrix"] + w["out_offset"]).item(), weights


@pytest.mark.parametrize("normaliser", ["softmax", "none", "gate", "mean", "sum"])
def test_it_computes_the_formulas_on_ragged_rows(normaliser):
    model = built(normaliser, seed=1)
    moved = {
        n: a + np.random.default_rng(0).normal(size=a.shape) / 2 for n, a in model._arrays().items()
    }
    model._set_arrays(moved)
    histories = ([3], [], [5, 5, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    rows = table(*histories, candidate=6)
    found, weights = model.chances(rows), model.weights(rows)
    for row, history in enumerate(histories):
        log_odds, expected = by_hand(model, history, 6)
        assert_allclose(found[row], formulas.sigmoid(log_odds), rtol=1e-4)
        assert_allclose(weights[row, 8 - len(history) :], expected, atol=1e-5)
        assert_array_equal(weights[row, : 8 - len(history)], 0)


@pytest.mark.parametrize("normaliser", ["softmax", "none", "gate", "mean", "sum"])
def test_padding_and_order_change_nothing(normaliser):
    model = built(normaliser)
    a = model.chances(table([5, 2, 7]))
    assert_allclose(model.chances(table([0, 0, 0, 5, 2, 7])), a, rtol=1e-5)
    assert_allclose(model.chances(table([7, 5, 2])), a, rtol=1e-5)


def test_ten_copies_are_one_under_a_softmax_and_ten_without_it():
    once, often = table([4]), table([4] * 10)
    for normaliser in ("softmax", "mean"):
        model = built(normaliser)
        assert_allclose(model.chances(once), model.chances(often), rtol=1e-5)
    for normaliser in ("none", "gate", "sum"):
        model = built(normaliser)
        assert np.abs(model.chances(once) - model.chances(often)).max() > 1e-4
        assert_allclose(model.weights(often)[0], np.full(10, model.weights(once)[0, 0]), rtol=1e-5)


def test_without_a_softmax_the_sum_of_weights_differs_from_row_to_row():
    rows = table([1, 2], [3, 5, 7], [6])
    assert np.ptp(built("none").weights(rows).sum(axis=1)) > 1e-3
    assert_allclose(built("softmax").weights(rows).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("normaliser", ["softmax", "none", "gate", "mean", "sum"])
def test_an_empty_history_has_a_chance_and_looks_at_nothing(normaliser):
    model = built(normaliser)
    rows = table([], [])
    assert np.isfinite(model.chances(rows)).all()
    assert_array_equal(model.weights(rows), 0)
    assert_array_equal(model.attention(rows).weights, 0)
    labelled = replace(rows, label=np.array([0, 1]))
    assert np.isfinite(model.fit(labelled, epochs=1).losses).all()


def test_only_the_newest_items_of_the_window_count():
    model = built(window=2)
    assert_allclose(model.chances(table([8, 3, 2])), model.chances(table([1, 5, 3, 2])), rtol=1e-6)
    weights = model.weights(table([8, 3, 2]))
    assert weights.shape == (1, 3)
    assert weights[0, 0] == 0
    rows = table([8, 3, 2])
    assert_allclose(model.chances(rows, weights=weights), model.chances(rows), rtol=1e-5)


def test_items_of_a_group_share_a_vector_and_without_groups_they_do_not():
    shared = built()._arrays()
    assert shared["shared"].shape == (2, 3)
    assert DIN(GOODS, width=3)._arrays()["shared"].shape == (1, 3)


@pytest.mark.slow
def test_the_same_switch_wins_on_one_rule_and_loses_on_the_other():
    """FIELD's flagship, small: 2 seeds, the order only. Shuffled weights undo what was learned."""
    auc = {}
    for rule in ("quality", "intensity"):
        parts = [make_planted(rule, n=9000, seed=s).split(0.1, 0.2) for s in range(2)]
        for normaliser in ("softmax", "gate"):
            models = [
                DIN(p[0].items, normaliser=normaliser, groups=p[0].category, seed=s)
                for s, p in enumerate(parts)
            ]
            train_together(models, [p[0] for p in parts], [p[1] for p in parts], batch=256)
            tests = [(m, p[2]) for m, p in zip(models, parts, strict=True)]
            auc[rule, normaliser] = np.mean([formulas.auc(t.label, m.chances(t)) for m, t in tests])
            if (rule, normaliser) == ("quality", "softmax"):
                model, test = tests[0]
                w, even = model.weights(test), test.history > 0
                mass = (w * test.relevant).sum(axis=1).mean()
                uniform = (test.relevant.sum(axis=1) / even.sum(axis=1)).mean()
                assert mass > uniform + 0.2
                flat = model.chances(test, weights=even / even.sum(axis=1, keepdims=True))
                assert (
                    formulas.auc(test.label, flat)
                    < formulas.auc(test.label, model.chances(test)) - 0.03
                )
    assert auc["quality", "softmax"] > auc["quality", "gate"]
    assert auc["intensity", "gate"] > auc["intensity", "softmax"] + 0.05
