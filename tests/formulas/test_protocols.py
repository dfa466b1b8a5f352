"""Sampled negatives and ties: against counting, against drawing, and the case that fools."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite.evaluation import ranking_metrics
from attnrec_lite.formulas import sampled_hit_rate, tied_gain

quick = settings(deadline=None, max_examples=80)


@quick
@given(st.data())
def test_the_sampled_hit_rate_is_the_share_of_all_samples_that_keep_the_target(data):
    n = data.draw(st.integers(2, 8))
    place, k = data.draw(st.integers(1, n)), data.draw(st.integers(1, 4))
    m = data.draw(st.integers(1, n - 1))
    samples = itertools.combinations(range(1, n), m)  # others; the first place - 1 are better
    hits = [sum(other < place for other in sample) < k for sample in samples]
    assert_allclose(sampled_hit_rate(place, n, m, k), np.mean(hits), atol=1e-12)


def test_a_model_that_never_hits_scores_1_on_a_hundred_negatives_and_loses_from_1395():
    def a(m):
        return sampled_hit_rate(100, 10_000, m, 10)

    def b(m):  # first for one person in ten, else 5,000th
        return 0.1 + 0.9 * sampled_hit_rate(5_000, 10_000, m, 10)

    assert (a(9_999), b(9_999)) == (0, pytest.approx(0.1))
    assert a(100) > 0.999999
    assert b(100) == pytest.approx(0.1, abs=1e-6)
    assert a(1_000) == pytest.approx(0.464, abs=5e-4)
    assert a(1_394) > b(1_394)
    assert a(1_395) < b(1_395)


@quick
@given(st.integers(1, 200), st.integers(1, 199), st.integers(1, 20))
def test_more_negatives_or_a_lower_place_never_help_and_a_longer_list_never_hurts(place, m, k):
    rate = sampled_hit_rate(place, 200, m, k)
    assert rate >= sampled_hit_rate(place, 200, min(199, m + 1), k) - 1e-12
    assert rate >= sampled_hit_rate(min(200, place + 1), 200, m, k) - 1e-12
    assert rate <= sampled_hit_rate(place, 200, m, k + 1) + 1e-12
    assert sampled_hit_rate(place, 200, 199, k) == pytest.approx(float(place <= k))


@quick
@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 8))
def test_a_tie_earns_the_mean_over_all_ways_to_break_it(b, e, k):
    gains = [1 / math.log2(place + 1) for place in range(1, k + 1)]
    ways = [gains[b + at] if b + at < k else 0.0 for at in range(e + 1)]
    assert_allclose(tied_gain(b, e, gains), np.mean(ways))
    assert_allclose(tied_gain(b, e, gains), ranking_metrics([b], [e], k)["ndcg"][0], atol=1e-12)


def test_a_model_that_scores_all_alike_earns_what_chance_earns():
    assert tied_gain(0, 9_065, [1] * 10) == pytest.approx(10 / 9_066)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: sampled_hit_rate(11, 10, 3, 1), "place: expected at most 10"),
        (lambda: sampled_hit_rate(1, 10, 10, 1), "negatives: expected at most 9, the others"),
        (lambda: sampled_hit_rate(0, 10, 3, 1), "place: expected an integer of at least 1"),
        (lambda: sampled_hit_rate(1, 1, 1, 1), "n_items: expected an integer of at least 2"),
        (lambda: tied_gain(-1, 0, [1]), "beaten_by: expected an integer of at least 0"),
        (lambda: tied_gain(0, -1, [1]), "tied_with: expected an integer of at least 0"),
        (lambda: tied_gain(0, 0, [math.inf]), "gains: expected finite numbers"),
    ],
)
def test_errors_name_what_was_wrong(call, error):
    with pytest.raises(ValueError, match=error):
        call()
