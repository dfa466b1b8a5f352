"""What every recommender inherits: no needless copy, none of what others keep, pieces."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.data import Vocabulary
from attnrec_lite.models import Recommender, base

N = 30
HISTORY = np.random.default_rng(0).integers(1, N + 1, size=(50, 4))


class Told(Recommender):
    """A model whose scores are made by a function of the number of rows."""

    name = "told"

    def __init__(self, make):
        super().__init__(Vocabulary(np.arange(N)))
        self.make = make

    def _scores(self, history):
        return self.make(history)

    def fit(self, log):
        return self

    attention = config = _arrays = _set_arrays = None


def table(seed=0, levels=5):
    return np.random.default_rng(seed).integers(0, levels, size=(N + 1, N + 1)).astype(np.float32)


def test_a_new_array_is_handed_on_without_a_copy():
    where = []

    def make(history):
        made = np.ones((len(history), N + 1), np.float32)
        where.append(made.ctypes.data)
        return made

    assert Told(make).score_all(HISTORY).ctypes.data == where[0]


KEPT = np.asarray(table()[np.arange(50) % (N + 1)])


@pytest.mark.parametrize(
    "make",
    [
        lambda history: KEPT,
        lambda history: KEPT[: len(history)],
        lambda history: KEPT.view(),
        lambda history: np.broadcast_to(KEPT[0], KEPT.shape),
        lambda history: np.asfortranarray(KEPT),
        lambda history: KEPT.astype(np.float64),
        lambda history: KEPT.tolist(),
    ],
)
def test_what_the_model_keeps_is_copied_and_every_form_becomes_one(make):
    before, row = KEPT.copy(), np.array(make(HISTORY), np.float32)
    scores = Told(make).score_all(HISTORY)
    assert (scores.dtype, scores.flags.c_contiguous, scores.flags.writeable) == (np.float32, 1, 1)
    assert_array_equal(scores[:, 1:], row[:, 1:])
    scores[:] = 99
    Told(make).recommend(HISTORY, 3)
    assert_array_equal(KEPT, before)


@pytest.mark.parametrize("piece", [1, 3 * (N + 1), 10**9])
@pytest.mark.parametrize("k", [1, 4, N, N + 9])
@pytest.mark.parametrize("exclude_seen", [True, False])
def test_pieces_of_a_batch_give_what_the_whole_gives(monkeypatch, piece, k, exclude_seen):
    scores = table()
    monkeypatch.setattr(base, "PIECE", piece)
    model = Told(lambda history: scores[history[:, -1]])
    ids, best = model.recommend(HISTORY, k, exclude_seen)
    expected = model.score_all(HISTORY)
    if exclude_seen:
        np.put_along_axis(expected, HISTORY, -np.inf, axis=1)
    order = np.argsort(-expected, axis=1, kind="stable")[:, :k]
    value = np.take_along_axis(expected, order, axis=1)
    assert_array_equal(ids[:, : N + 1], np.where(np.isneginf(value), 0, order))
    assert_array_equal(best[:, : N + 1], value)
    assert not ids[:, N:].any()
    assert np.isneginf(best[:, N:]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("piece", [1, 10**9])
@pytest.mark.parametrize("place", [(0, 1), (49, N), (25, 7)])
def test_one_bad_score_is_found_wherever_it_stands(monkeypatch, bad, piece, place):
    monkeypatch.setattr(base, "PIECE", piece)
    scores = np.zeros((50, N + 1), np.float32)
    scores[place] = bad
    model = Told(lambda history: scores[: len(history)].copy())
    with pytest.raises(ValueError, match="^told: scores are not finite; did training diverge"):
        model.score_all(HISTORY)
    scores[place] = 0
    scores[:, 0] = bad  # padding takes no part
    assert np.isneginf(model.score_all(HISTORY)[:, 0]).all()


def test_the_largest_scores_are_finite():
    scores = np.full((50, N + 1), 3.4e38, np.float32)  # their sum is not
    assert (
        Told(lambda history: scores.copy()).recommend(HISTORY, 1, False)[0].tolist() == [[1]] * 50
    )
