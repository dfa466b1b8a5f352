"""Negatives: right chances, never a positive, never padding, always an end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import chisquare

from attnrec_lite.data import Interactions, collisions, make_shop, sample_negatives

WAYS = ("uniform", "popularity")


@st.composite
def logs(draw):
    """Logs with repeats, where some users have seen everything."""
    cells = st.tuples(st.integers(0, 4), st.integers(0, 5))
    pairs = draw(st.lists(cells, min_size=1, max_size=30))
    user, item = zip(*pairs, strict=True)
    return Interactions.from_columns(user, item, range(len(pairs)))


def chances(log, row, by, exclude):
    """The chance of each item 1..N to be drawn for a row, by the definition."""
    weight = np.bincount(log.item, minlength=log.n_items + 1) if by == "popularity" else 1.0
    weight = weight * np.ones(log.n_items + 1)
    weight[0] = 0
    if exclude == "history":
        weight[log.item[log.user == log.user[row]]] = 0
    elif exclude == "target":
        weight[log.item[row]] = 0
    return weight


@given(
    log=logs(),
    by=st.sampled_from(WAYS),
    exclude=st.sampled_from(["history", "target", None]),
    seed=st.integers(0, 9),
)
def test_no_draw_is_one_that_has_no_chance(log, by, exclude, seed):
    weights = np.array([chances(log, row, by, exclude) for row in range(len(log))])
    possible = np.flatnonzero(weights.sum(axis=1))
    if len(possible) < len(log):
        with pytest.raises(ValueError, match="log: expected an item .*left to draw for every user"):
            sample_negatives(log, 3, by, exclude, seed)
    drawn = sample_negatives(log, 20, by, exclude, seed, rows=possible)
    assert drawn.shape == (len(possible), 20)
    assert drawn.dtype == np.int32
    assert (np.take_along_axis(weights[possible], drawn.astype(int), axis=1) > 0).all()
    if exclude == "history":
        assert collisions(drawn, log.user[possible], log).found == 0


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("exclude", ["history", "target", None])
def test_the_chances_are_those_of_the_definition(by, exclude):
    log = Interactions.from_columns(
        [0, 0, 0, 0, 1, 1, 2, 2, 2], [3, 1, 5, 3, 2, 7, 4, 6, 7], range(9)
    )
    drawn = sample_negatives(log, 20_000, by, exclude, seed=1)
    for row in range(len(log)):
        weight = chances(log, row, by, exclude)
        seen = np.bincount(drawn[row], minlength=log.n_items + 1)
        allowed = weight > 0
        assert seen[~allowed].sum() == 0
        expected = weight[allowed] / weight.sum() * drawn.shape[1]
        assert chisquare(seen[allowed], expected).pvalue > 1e-5


def test_a_user_who_has_all_items_but_one_gets_that_one():
    log = Interactions.from_columns(
        [0] * 999 + [1], [*range(500), *range(501, 1000), 500], range(1000)
    )
    drawn = sample_negatives(log.select(log.user == 0), 5)
    assert_array_equal(drawn, np.full((999, 5), log.items.id_of(500)))


def test_a_user_who_has_everything_is_named():
    log = Interactions.from_columns(["mia", "mia", "zoe"], [1, 2, 1], [0, 1, 2])
    message = "left to draw for every user; received 1 user who chose all of them, such as mia"
    with pytest.raises(ValueError, match=message):
        sample_negatives(log, 1)
    assert sample_negatives(log, 2, exclude="target").tolist() == [[2, 2], [1, 1], [2, 2]]
    assert sample_negatives(log, 2, rows=[2]).tolist() == [[2, 2]]
    only = log.select([2])  # item 2 has no row now: by popularity nothing is left for zoe
    with pytest.raises(ValueError, match="an item that has a row left to draw .* such as zoe"):
        sample_negatives(only, 1, by="popularity")


def test_the_same_seed_draws_the_same_and_another_epoch_draws_others():
    log = make_shop(n_users=50).log
    first = sample_negatives(log, 3, seed=(7, 0))
    assert_array_equal(first, sample_negatives(log, 3, seed=(7, 0)))
    assert (first != sample_negatives(log, 3, seed=(7, 1))).mean() > 0.9


def test_batches_are_excluded_by_the_whole_log():
    log = make_shop(n_users=50).log
    rows = np.array([5, 3, 3])
    drawn = sample_negatives(log, 200, rows=rows)
    assert collisions(drawn, log.user[rows], log).found == 0
    assert sample_negatives(log, 2, rows=[]).shape == (0, 2)


@pytest.mark.parametrize("by", WAYS)
def test_collisions_come_as_often_as_the_formula_says(by):
    log = make_shop(n_users=300).log
    drawn = sample_negatives(log, 40, by, exclude=None, seed=3)
    seen = collisions(drawn, log.user, log, by)
    assert seen.drawn == drawn.size
    assert abs(seen.found - seen.expected) < 5 * np.sqrt(seen.expected)
    by_hand = sum(
        np.isin(negatives, log.item[log.user == user]).sum()
        for user, negatives in zip(log.user[:500], drawn[:500], strict=True)
    )
    assert collisions(drawn[:500], log.user[:500], log).found == by_hand


def test_the_expected_collisions_by_hand():
    log = Interactions.from_columns(
        [0, 0, 0, 1], [1, 2, 2, 3], [0, 1, 2, 3]
    )  # 2 of 3 items, 1 of 3
    drawn = np.ones((4, 6), int)
    assert collisions(drawn, log.user, log).expected == pytest.approx(6 * (3 * 2 / 3 + 1 / 3))
    by_rows = collisions(drawn, log.user, log, by="popularity").expected
    assert by_rows == pytest.approx(6 * (3 * 3 / 4 + 1 / 4))
    none = collisions(np.zeros((0, 3), int), [], log)
    assert (none.found, none.expected) == (0, 0.0)
    assert str(none) == "0 of 0 negatives (none) are positives; chance gives 0.0"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_row": 0}, "per_row: expected an integer of at least 1; received 0"),
        ({"by": "rank"}, "by: expected one of uniform, popularity; received 'rank'"),
        ({"exclude": "all"}, "exclude: expected one of history, target; received 'all'"),
        ({"rows": [3]}, "rows: expected numbers in 0..2; received 3 to 3"),
        ({"rows": [[1]]}, "rows: expected one column"),
    ],
)
def test_options_are_checked(options, message):
    log = Interactions.from_columns([0, 1, 1], [1, 2, 3], [0, 1, 2])
    with pytest.raises(ValueError, match=message):
        sample_negatives(log, **{"per_row": 1, **options})


@pytest.mark.parametrize(
    ("negatives", "users", "message"),
    [
        (
            [[1]],
            [0, 1],
            r"negatives: expected 2 rows, one for each of users; received shape \(1, 1\)",
        ),
        ([1, 2], [0, 1], r"received shape \(2,\)"),
        ([[0]], [0], r"negatives: expected item codes from 1; received padding \(0\)"),
        ([[4]], [0], "negatives: expected numbers in 0..3; received 4 to 4"),
        ([[1]], [2], "users: expected numbers in 0..1; received 2 to 2"),
    ],
)
def test_collisions_are_counted_for_known_codes_only(negatives, users, message):
    log = Interactions.from_columns([0, 1, 1], [1, 2, 3], [0, 1, 2])
    with pytest.raises(ValueError, match=message):
        collisions(negatives, users, log)
