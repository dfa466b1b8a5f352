"""One click at a time equals the whole history at once; and when it would not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite.data import Vocabulary
from attnrec_lite.models import SASRec
from attnrec_lite.online import FadingTaste, fading_mean

TABLE = np.random.default_rng(0).normal(size=(51, 8))
clicks = st.lists(st.tuples(st.integers(1, 50), st.floats(0, 20)), min_size=1, max_size=30)


@given(clicks, st.floats(0.1, 100))
def test_clicks_one_by_one_equal_the_whole_history(events, half_life):
    taste, times = FadingTaste(TABLE, half_life), np.cumsum([gap for _, gap in events])
    for (item, _), time in zip(events, times, strict=True):
        scores = taste.click(item, time)
    context = fading_mean(TABLE[[item for item, _ in events]], times, half_life)
    assert_allclose(scores[1:], TABLE[1:] @ context, atol=1e-5)
    assert taste.history == [item for item, _ in events]


def test_recommendations_are_the_best_of_the_scores_and_nothing_twice():
    taste = FadingTaste(TABLE, 3.0, bias=np.arange(51.0) / 50)
    for step, item in enumerate([4, 9, 4]):
        taste.click(item, step)
    ids, scores = taste.recommend(60)
    assert len(set(ids[:48])) == 48
    assert not {4, 9, 0} & set(ids[:48].tolist())
    assert (np.diff(scores[:48]) <= 0).all()
    assert (ids[48:] == 0).all()
    assert np.isneginf(scores[48:]).all()


def test_without_a_history_the_bias_speaks():
    bias = np.arange(51.0)
    assert_allclose(FadingTaste(TABLE, 1.0, bias).scores()[1:], bias[1:])
    assert np.isneginf(FadingTaste(TABLE, 1.0).scores()[0])


def test_a_long_gap_leaves_the_newest_alone():
    taste = FadingTaste(TABLE, 1.0)
    taste.click(1, 0.0)
    assert_allclose(taste.click(2, 1e6)[1:], TABLE[1:] @ TABLE[2], atol=1e-5)


def test_a_clock_that_runs_backwards_is_refused_and_nothing_changes():
    taste = FadingTaste(TABLE, 1.0)
    taste.click(1, 5.0)
    before = taste.scores()
    with pytest.raises(ValueError, match=r"^time: expected 5.0 or later; received 4.0"):
        taste.click(2, 4.0)
    assert taste.history == [1]
    assert_allclose(taste.scores(), before)


def test_attention_keeps_keys_and_values_and_equals_the_whole_history():
    model = SASRec(Vocabulary(np.arange(1, 51)), width=8, blocks=2, window=4)
    history = np.random.default_rng(1).integers(1, 51, 12)
    session = model.session()
    for end, item in enumerate(history, 1):
        scores = session.click(int(item))
        assert_allclose(scores, model.score_all(history[None, :end])[0], atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FadingTaste(TABLE, 0), "^half_life: expected a finite number above 0"),
        (lambda: FadingTaste(TABLE * np.nan, 1), "^table: expected finite"),
        (lambda: FadingTaste(TABLE, 1, [0.0]), "^bias: expected 51, as table has; received 1"),
        (lambda: FadingTaste(TABLE, 1).click(0, 1), r"^item: expected ids in 1..50; received 0"),
        (lambda: FadingTaste(TABLE, 1).click(2**40, 1), "^item: expected ids in 1..50"),
        (lambda: FadingTaste(TABLE, 1).click(1, np.nan), "^time: expected finite"),
        (lambda: FadingTaste(TABLE, 1).recommend(0), "^k: expected an integer"),
        (
            lambda: fading_mean([[1.0]], [1, 2], 1),
            "^times: expected 1 that do not",
        ),
        (lambda: fading_mean([[1.0], [1.0]], [2, 1], 1), "^times: expected 2 that do not fall"),
    ],
)
def test_clicks_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
