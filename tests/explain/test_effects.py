"""Leave-one-out of a recommender: margins by hand, duplicates, padding, one item, unknown ids."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Vocabulary
from attnrec_lite.explain import Kept, left_out, margins
from attnrec_lite.models.base import Recommender


class Told(Recommender):
    """Scores by how often each item is in the history, plus what is told."""

    name = "told"

    def __init__(self, n=4, pull=2.0):
        names = np.array([f"good {i}" for i in range(1, n + 1)])
        super().__init__(Vocabulary(np.arange(10, 10 + n), names))
        self.pull = pull

    def _scores(self, history):
        counts = (history[:, :, None] == np.arange(self.n_items + 1)).sum(axis=1)
        counts[:, 0] = 0
        return (self.pull * np.roll(counts, 1, axis=1)).astype(np.float32)  # item i pulls i + 1

    def fit(self, log):
        return self

    attention = config = _arrays = _set_arrays = None


def test_a_margin_is_the_score_less_the_mean_of_the_others(model):
    histories = np.array([[0, 1, 2], [3, 4, 4], [0, 0, 0]], np.int32)
    scores = np.asarray(model.score_all(histories), np.float64)[:, 1:]
    by_hand = [
        s[i - 1] - np.delete(s, i - 1).mean() for s, i in zip(scores, (3, 1, 7), strict=True)
    ]
    assert_allclose(margins(model, histories, [3, 1, 7]), by_hand, atol=1e-6)


def test_a_catalogue_of_one_has_no_margin():
    assert_array_equal(margins(Told(n=1), [[1], [0]], [1, 1]), [0, 0])


def test_effects_are_those_of_histories_without_the_item(model):
    kinds, effects = left_out(model, [1, 2, 3], 5)
    assert_array_equal(kinds, [3, 2, 1])
    whole = margins(model, [[1, 2, 3]], [5])[0]
    less = [margins(model, [h], [5])[0] for h in ([1, 2], [1, 3], [2, 3])]
    assert_allclose(effects, whole - less, atol=1e-5)


def test_an_item_goes_wherever_it_stands():
    kinds, effects = left_out(Told(), [2, 1, 2, 2], item=3)
    assert_array_equal(kinds, [2, 1])
    assert_allclose(effects[0], 3 * 2.0)  # three places, two each; the others score nothing
    assert_allclose(effects[1], -2 / 3)  # item 1 speaks for item 2, one of three others


def test_padding_in_front_does_not_matter_and_an_empty_history_has_no_effects(model):
    bare, padded = left_out(model, [1, 2], 4), left_out(model, [0, 0, 1, 2], 4)
    assert_array_equal(bare[0], padded[0])
    assert_allclose(bare[1], padded[1], atol=1e-6)
    for nothing in ([], [0, 0], np.zeros(0, int)):
        kinds, effects = left_out(model, nothing, 4)
        assert len(kinds) == len(effects) == 0


def test_one_item_to_explain_is_set_beside_nothing(model):
    _, effects = left_out(model, [6], 4)
    assert_allclose(effects, margins(model, [[6]], [4]) - margins(model, [[0]], [4]), atol=1e-6)


def test_only_the_newest_are_taken_out_and_the_older_stay():
    model = Told()
    answer = Kept.of(model, [1, 2, 3, 4], 2, last=2)
    assert_array_equal(answer.kinds, [4, 3])
    left = answer.histories(np.array([[False, False], [True, False]]))
    assert_array_equal(left, [[0, 0, 1, 2], [0, 1, 2, 4]])


def test_an_item_may_be_named_by_its_title():
    model = Told()
    assert_allclose(left_out(model, [1, 2], "good 3")[1], left_out(model, [1, 2], 3)[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: left_out(m, [1, 9], 2), r"^history: expected ids in 0\.\.4; received 9"),
        (lambda m: left_out(m, [1, 0], 2), "^history: expected padding"),
        (lambda m: left_out(m, [[1, 2]], 2), r"^history: expected one, shape \(length,\)"),
        (lambda m: left_out(m, [1.5, 2.0], 2), "^history: expected integer"),
        (lambda m: left_out(m, [1], 0), r"^item: expected ids in 1\.\.4; received 0"),
        (lambda m: left_out(m, [1], 5), r"^item: expected ids in 1\.\.4; received 5"),
        (lambda m: left_out(m, [1], "god 3"), "^title_or_raw: expected a known item"),
        (lambda m: left_out(m, [1], 2, last=0), "^last: expected an integer of at least 1"),
        (
            lambda m: margins(m, [[1], [2]], [1]),
            "^items: expected 2, one for each history; received 1",
        ),
        (lambda m: margins(m, [[1]], [0]), r"^items: expected ids in 1\.\.4"),
    ],
)
def test_what_is_unknown_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(Told())


def test_scores_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="^told: scores are not finite"):
        left_out(Told(pull=np.nan), [1, 2], 3)
