"""Popularity by segment: counted by hand, small and empty segments, unknown people."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.formulas import segment_shares
from attnrec_lite.models import Popularity, SegmentPopularity, load

LOG = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 3, 3, 2], range(5))


def test_a_segment_counts_its_own_people_and_leans_on_all():
    model = SegmentPopularity(LOG.items, segments=2, strength=2).fit(LOG, [0, 1, 1])
    taken = [[1, 1, 0], [0, 1, 2]]
    for segment in (0, 1):
        expected = segment_shares(taken, 2)[segment]
        assert_allclose(model.of(segment).score_all([[0]])[0, 1:], expected, rtol=1e-6)


@pytest.mark.parametrize("segment", [None, [-1, -1, -1], [0, -1, 1]])
def test_for_anyone_it_is_popularity_whatever_is_known(segment):
    model = SegmentPopularity(LOG.items, segments=2).fit(LOG, segment)
    order = Popularity(LOG.items).fit(LOG).recommend([[0]], 3)[0]
    assert_array_equal(model.recommend([[0]], 3)[0], order)
    assert_allclose(model.score_all([[0]])[0, 1:], [0.2, 0.4, 0.4])


def test_a_segment_that_nobody_is_in_gets_what_all_took():
    model = SegmentPopularity(LOG.items, segments=3).fit(LOG, [0, 1, 1])
    assert_allclose(model.of(2).score_all([[0]]), model.score_all([[0]]), rtol=1e-6)


def test_people_of_no_segment_count_for_all_and_for_no_segment():
    model = SegmentPopularity(LOG.items, segments=1, strength=1e-6).fit(LOG, [0, -1, -1])
    assert_allclose(model.of(0).score_all([[0]])[0, 1:], [0.5, 0.5, 0.0], atol=1e-6)


def test_strength_is_the_number_of_rows_at_which_a_segment_is_believed_by_half():
    own, all_of_them = np.array([0.5, 0.5, 0.0]), np.array([0.2, 0.4, 0.4])
    model = SegmentPopularity(LOG.items, segments=2, strength=2).fit(LOG, [0, 1, 1])
    assert_allclose(model.of(0).score_all([[0]])[0, 1:], (own + all_of_them) / 2, rtol=1e-6)


def test_an_empty_log_scores_all_alike():
    model = SegmentPopularity(LOG.items, segments=2).fit(LOG.select([]), [0, 1, 1])
    assert_allclose(model.of(1).score_all([[0]])[0, 1:], [1 / 3] * 3, rtol=1e-6)


def test_the_segment_that_it_speaks_for_is_saved(tmp_path):
    model = SegmentPopularity(LOG.items, segments=2).fit(LOG, [0, 1, 1]).of(1)
    again = load(model.save(tmp_path / "model.npz"))
    assert again.segment == 1
    assert_array_equal(again.score_all([[0]]), model.score_all([[0]]))
    assert_array_equal(again.of(0).score_all([[0]]), model.of(0).score_all([[0]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SegmentPopularity(LOG.items, segments=0), "^segments"),
        (lambda: SegmentPopularity(LOG.items, strength=0), "^strength"),
        (lambda: SegmentPopularity(LOG.items, segments=2, segment=2), "^segment: expected -1 to 1"),
        (lambda: SegmentPopularity(LOG.items).of(1), "^segment: expected -1 to 0; received 1"),
        (lambda: SegmentPopularity(LOG.items).of(-2), "^segment: expected an integer"),
        (lambda: SegmentPopularity(LOG.items).fit(LOG, [0, 0]), "^segment: expected one for each"),
        (lambda: SegmentPopularity(LOG.items).fit(LOG, [0, 1, 0]), "^segment"),
        (lambda: SegmentPopularity(LOG.items).fit(LOG, [0.5, 0, 0]), "^segment"),
    ],
)
def test_a_segment_that_is_none_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_file_with_other_numbers_is_refused():
    model = SegmentPopularity(LOG.items)
    with pytest.raises(ValueError, match="^taken: expected counts"):
        model._set_arrays({"taken": np.full((2, 4), 0.5)})
