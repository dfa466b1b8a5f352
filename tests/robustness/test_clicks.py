"""One slipped-in click, and readouts that bound what it takes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import make_shop
from attnrec_lite.formulas import injected_weight_bound
from attnrec_lite.models import Popularity, QKVRecommender, Successors
from attnrec_lite.robustness import BoundedAttention, click_takes, list_overlap, with_click
from attnrec_lite.robustness.clicks import PLACES

TRIED = np.arange(1, 61, 4)
quick = settings(deadline=None, max_examples=30)


@pytest.fixture(scope="module")
def log():
    return make_shop(n_users=80, n_items=60).log


@pytest.fixture(scope="module")
def model(log):
    model = QKVRecommender(log.items, width=8, heads=2, window=10, seed=0)
    model.fit(log, epochs=2)
    # A sharper model than two epochs make, so that there is something to bound.
    qkv = model.network.attend.qkv
    qkv.assign(4.0 * qkv)
    model.network.recency.assign(np.linspace(0, 2, 20).reshape(2, 10))
    return model


@pytest.fixture(scope="module")
def history():
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 61, (30, 12))
    ids[np.arange(12) < rng.integers(0, 12, (30, 1))] = 0
    return np.vstack([ids, np.zeros((1, 12), int), [0] * 11 + [5]]).astype(np.int32)


@quick
@given(st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=5),
       st.sampled_from(PLACES))  # fmt: skip
def test_a_click_is_where_it_should_be_and_the_rest_stays(rows, place):
    ids = np.array([[0] * (6 - len(row)) + row for row in rows], np.int32)
    for found, row in zip(with_click(ids, 7, place, 9), rows, strict=True):
        where = {"newest": len(row), "before": max(0, len(row) - 1), "oldest": 0}[place]
        assert found[found > 0].tolist() == [*row[:where], 7, *row[where:]]
        assert (found[: 6 - len(row)] == 0).all()


def test_the_share_is_that_of_the_record(model, history):
    found = click_takes(model, history, [3, 9], "newest")
    for column, item in enumerate((3, 9)):
        longer = with_click(history, item, "newest", 60)
        weights = model.attention(longer, np.ones((len(history), 1), int)).weights
        assert_allclose(found[:, column], weights[:, :, -1].mean(axis=1), atol=1e-6)
    assert found[30].tolist() == pytest.approx([1, 1])  # nothing else is there
    inside = click_takes(model, history, [3], "before")[:, 0]
    longer = with_click(history, 3, "before", 60)
    weights = model.attention(longer, np.ones((len(history), 1), int)).weights
    assert_allclose(inside[:30], weights[:30, :, -2].mean(axis=1), atol=1e-6)


def test_a_click_out_of_the_window_takes_nothing(model, history):
    full = (history > 0).sum(axis=1) >= 10
    assert full.any()
    assert (click_takes(model, history, [3], "oldest")[full] == 0).all()


def test_models_that_look_at_nobody_or_at_the_newest_only(log, history):
    assert (click_takes(Popularity(log.items).fit(log), history, [1, 2]) == 0).all()
    chain = Successors(log.items).fit(log)
    assert (click_takes(chain, history, [1], "newest") == 1).all()
    assert (
        click_takes(chain, history[:30], [1], "oldest")[(history[:30] > 0).sum(1) > 1] == 0
    ).all()


def test_unbounded_it_is_the_model(model, history):
    same = BoundedAttention(model)
    assert_allclose(same.score_all(history)[:, 1:], model.score_all(history)[:, 1:], atol=2e-4)
    asked = np.ones((len(history), 1), int)
    assert_allclose(same.attention(history, asked).weights,
                    model.attention(history, asked).weights, atol=1e-5)  # fmt: skip
    assert_array_equal(same.recommend(history, 3)[0], model.recommend(history, 3)[0])


@pytest.mark.parametrize("cap", [0.15, 0.4, 1.0])
def test_no_click_of_any_history_takes_more_than_the_cap(model, history, cap):
    bounded = BoundedAttention(model, cap=cap)
    for place in PLACES:
        found = click_takes(bounded, history, TRIED, place)
        size = np.minimum((history > 0).sum(axis=1) + 1, 10)
        assert np.all(found <= np.maximum(cap, 1 / size)[:, None] + 1e-6)
    if cap < 0.5:
        assert click_takes(model, history, TRIED, "newest").max() > cap + 0.1


def test_no_click_takes_more_than_bounded_scores_allow(model, history):
    bounded = BoundedAttention(model, bound=0.5)
    size = np.minimum((history > 0).sum(axis=1) + 1, 10)
    most = np.array([1.0 if n == 1 else injected_weight_bound(n - 1, 0.5) for n in size])
    worst = 0.0
    for place in PLACES:
        found = click_takes(bounded, history, TRIED, place)
        assert np.all(found <= most[:, None] + 1e-6)
        worst = max(worst, float((found / most[:, None]).max()))
    assert worst > 0.5  # the bound is no empty one


def test_a_trimmed_readout_ranks_and_an_empty_history_gets_the_bias(model, history):
    trimmed = BoundedAttention(model, trim=0.2)
    scores = trimmed.score_all(history)
    assert np.isfinite(scores[:, 1:]).all()
    assert not np.allclose(scores[:30, 1:], model.score_all(history)[:30, 1:], atol=1e-3)
    bias = np.asarray(model.network.bias)[1:]
    assert_allclose(scores[30, 1:], bias, atol=1e-6)
    both = BoundedAttention(model, bound=1.0, cap=0.2, trim=0.1)
    assert np.isfinite(both.score_all(history)[:, 1:]).all()
    assert both.config() == {"bound": 1.0, "cap": 0.2, "trim": 0.1}


def test_saving_says_what_to_save_instead(model, tmp_path):
    with pytest.raises(NotImplementedError, match="save the model inside"):
        BoundedAttention(model).save(tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_overlap_by_hand():
    assert_allclose(list_overlap([[1, 2, 0], [0, 0, 0]], [[2, 0, 3], [1, 2, 3]]), [0.5, 1.0])


def test_what_does_not_fit_is_refused(model, log):
    for call, message in [
        (lambda: with_click([[1]], 0, "newest", 9), "item: expected ids in 1..9"),
        (lambda: with_click([[1]], 1, "last", 9), "place: expected one of newest"),
        (lambda: click_takes(model, [[1]], [61]), "items: expected ids in 1..60"),
        (lambda: list_overlap([[1]], [[1], [2]]), "second: expected 1 lists"),
        (lambda: BoundedAttention(model, bound=0), "bound: expected a finite number"),
        (lambda: BoundedAttention(model, cap=0), "cap: expected a number above 0"),
        (lambda: BoundedAttention(model, cap=1.5), "cap: expected a number above 0"),
        (lambda: BoundedAttention(model, trim=0.5), "trim: expected a number from 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
