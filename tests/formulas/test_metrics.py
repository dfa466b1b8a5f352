"""What a ranked list earns: against plain loops, values worked by hand, and by properties."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite.data import Interactions
from attnrec_lite.evaluation import beyond
from attnrec_lite.formulas import (
    average_precision,
    coverage,
    dcg,
    diversity,
    hit_rate,
    ndcg,
    novelty,
    precision_at,
    recall_at,
    reciprocal_rank,
)

quick = settings(deadline=None, max_examples=80)
lists = st.lists(st.integers(0, 1), min_size=1, max_size=12).filter(any)
cuts = st.integers(1, 15)
LISTS = (hit_rate, precision_at, recall_at, ndcg, reciprocal_rank, average_precision)

ZOE = [0, 1, 1, 0, 1, 0, 0, 0, 0, 0]  # the worksheet of the chapter: wanted at places 2, 3 and 5


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (hit_rate, 1),
        (precision_at, 2 / 3),
        (recall_at, 2 / 3),
        (ndcg, (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3) + 1 / 2)),
        (reciprocal_rank, 1 / 2),
        (average_precision, (1 / 2 + 2 / 3) / 3),
    ],
)
def test_zoes_list_earns_what_the_worksheet_says(metric, expected):
    assert_allclose(metric(ZOE, 3), expected)


def test_four_people_whose_one_item_stands_at_1_3_12_and_50_have_the_means_worked_by_hand():
    people = [np.eye(60)[place - 1] for place in (1, 3, 12, 50)]
    means = [np.mean([m(w, 10) for w in people]) for m in (hit_rate, ndcg)]
    assert_allclose(
        [*means, np.mean([reciprocal_rank(w) for w in people])], [0.5, 0.375, 0.3592], atol=5e-5
    )


# ---- against loops -------------------------------------------------------------------------------


def loops(wanted, k):
    """Every metric, one place at a time."""
    found, first, gain, precisions = 0, 0.0, 0.0, 0.0
    for place, hit in enumerate(wanted[:k], start=1):
        if hit:
            found += 1
            first = first or 1 / place
            gain += 1 / math.log2(place + 1)
            precisions += found / place
    possible = min(k, sum(wanted))
    best = sum(1 / math.log2(place + 1) for place in range(1, possible + 1))
    return (
        float(found > 0), found / k, found / sum(wanted), gain / best, first, precisions / possible
    )  # fmt: skip


@quick
@given(lists, cuts)
def test_each_metric_is_its_loop(wanted, k):
    assert_allclose([metric(wanted, k) for metric in LISTS], loops(wanted, k))


@quick
@given(lists, cuts)
def test_every_metric_lies_between_0_and_1_and_a_perfect_list_earns_all_it_can(wanted, k):
    perfect = sorted(wanted, reverse=True)
    for metric in LISTS:
        assert -1e-12 <= metric(wanted, k) <= metric(perfect, k) + 1e-12 <= 1 + 2e-12
    for metric in (hit_rate, ndcg, reciprocal_rank, average_precision):
        assert_allclose(metric(perfect, k), 1)


@quick
@given(st.integers(1, 12), st.integers(0, 11), cuts)
def test_with_one_wanted_item_recall_is_the_hit_rate_and_precision_a_kth_of_it(n, at, k):
    wanted = np.eye(max(n, at + 1))[at]
    hit = hit_rate(wanted, k)
    assert recall_at(wanted, k) == hit
    assert_allclose(precision_at(wanted, k), hit / k)
    assert_allclose(average_precision(wanted, k), reciprocal_rank(wanted, k))


@quick
@given(lists, cuts, st.data())
def test_moving_a_wanted_item_up_never_costs_anything(wanted, k, data):
    low = data.draw(st.integers(0, len(wanted) - 1).filter(lambda i: wanted[i]))
    better = wanted.copy()
    better.insert(data.draw(st.integers(0, low)), better.pop(low))
    for metric in LISTS:
        assert metric(better, k) >= metric(wanted, k) - 1e-12


@quick
@given(lists, cuts)
def test_what_stands_below_place_k_changes_a_list_only_by_how_much_was_wanted(wanted, k):
    tail = wanted[k:]
    for metric in (hit_rate, precision_at, reciprocal_rank):
        if any(wanted[:k]):
            assert metric(wanted[:k] + tail[::-1], k) == metric(wanted[:k], k)


# ---- NDCG ----------------------------------------------------------------------------------------


@quick
@given(st.lists(st.floats(0, 5), min_size=1, max_size=5).filter(any), st.integers(1, 6))
def test_the_best_order_of_grades_is_the_best_of_all_orders(grades, k):
    best = max(dcg(order, k) for order in itertools.permutations(grades))
    if best > 0:
        assert_allclose(ndcg(grades, k), dcg(grades, k) / best)


def test_ndcg_reaches_1_with_fewer_wanted_items_than_places():
    assert ndcg([1, 0, 0, 0], k=4) == 1


def test_ndcg_does_not_care_for_the_unit_of_the_gains():
    assert_allclose(ndcg([0, 3, 1], 3), ndcg([0, 30, 10], 3))


# ---- beyond accuracy -----------------------------------------------------------------------------


def test_coverage_counts_each_item_once_and_empty_places_not_at_all():
    assert coverage([[1, 2, 0], [2, 3, 0]], n_items=6) == 0.5
    assert coverage([[0, 0]], n_items=6) == 0


def test_novelty_is_0_for_what_everybody_has_and_grows_by_1_when_half_as_many_have_it():
    shares = [0, 1, 0.5, 0.25, 0.0]
    assert [novelty([i], shares) for i in (1, 2, 3)] == [0, 1, 2]
    assert novelty([1, 3], shares) == 1
    with pytest.raises(ValueError, match="shares: expected numbers above 0"):
        novelty([1, 4], shares)


@quick
@given(st.integers(2, 6), st.integers(1, 4), st.integers(0, 99))
def test_diversity_is_the_mean_over_pairs_and_knows_neither_order_nor_length(k, d, seed):
    rng = np.random.default_rng(seed)
    v = rng.normal(size=(k, d))
    pairs = [
        1 - v[i] @ v[j] / np.linalg.norm(v[i]) / np.linalg.norm(v[j])
        for i, j in itertools.combinations(range(k), 2)
    ]
    assert_allclose(diversity(v), np.mean(pairs), atol=1e-12)
    stretched = v[::-1] * rng.uniform(0.5, 2, size=(k, 1))
    assert_allclose(diversity(stretched), diversity(v), atol=1e-12)


@quick
@given(st.integers(0, 999))
def test_the_package_counts_the_same_for_many_lists_at_once(seed):
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(6), 4)
    log = Interactions.from_columns(users, rng.integers(1, 9, 24), np.arange(24))
    ids = np.stack([rng.permutation(log.n_items)[:3] + 1 for _ in range(5)])
    pairs = np.unique(np.stack([log.user, log.item], 1), axis=0)[:, 1]
    owned = np.bincount(pairs, minlength=log.n_items + 1) / 6
    vectors = rng.normal(size=(log.n_items + 1, 4))
    assert_allclose(beyond.coverage(ids, log.n_items), coverage(ids, log.n_items))
    assert_allclose(beyond.novelty(ids, log), [novelty(row, owned) for row in ids], atol=1e-12)
    apart = [diversity(vectors[row]) for row in ids]
    assert_allclose(beyond.intra_list_diversity(ids, vectors), apart, atol=1e-9)


def test_a_list_of_copies_has_no_diversity_and_a_gift_card_is_like_nothing():
    assert diversity([[3.0, 4.0]] * 3) == pytest.approx(0, abs=1e-12)
    assert diversity([[0.0, 0.0], [1.0, 0.0]]) == 1


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("metric", [m for m in LISTS if m is not ndcg])
def test_a_person_who_wanted_nothing_has_no_metric(metric):
    with pytest.raises(ValueError, match="wanted: expected at least one 1"):
        metric([0, 0], 2)


@pytest.mark.parametrize("metric", LISTS)
def test_a_list_has_at_least_one_place(metric):
    with pytest.raises(ValueError, match="k: expected an integer of at least 1; received 0"):
        metric([1, 0], 0)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: hit_rate([0, 2], 1), "wanted: expected 0 and 1 only; received 2"),
        (lambda: dcg([1, -1], 2), "gains: expected finite numbers from 0"),
        (lambda: dcg([math.nan], 2), "gains: expected finite numbers from 0"),
        (lambda: ndcg([0, 0], 2), "gains: expected at least one above 0"),
        (lambda: coverage([[7]], 6), r"lists: expected ids in 0\.\.6"),
        (lambda: novelty([0], [1, 1]), r"items: expected ids in 1\.\.1"),
        (lambda: diversity([[1, 2]]), "vectors: expected at least two; received 1"),
    ],
)
def test_errors_name_what_was_wrong(call, error):
    with pytest.raises(ValueError, match=error):
        call()
