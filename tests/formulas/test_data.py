"""What a log holds and hides: against loops, by properties and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite import formulas

logs = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(0, 3)), max_size=12)


@given(logs)
def test_density_is_the_mean_of_the_table_of_zeros_and_ones(rows):
    table = np.zeros((4, 4))
    for user, item, _ in rows:
        table[user, item - 1] = 1
    users, items = np.array([r[:2] for r in rows], int).reshape(-1, 2).T
    assert_allclose(formulas.density(users, items, 4, 4), table.mean())


@given(logs)
def test_tied_share_counts_every_row_with_a_twin_in_user_and_time_in_any_order(rows):
    twins = [sum((r[0], r[2]) == (o[0], o[2]) for o in rows) > 1 for r in rows]
    columns = np.array(rows, int).reshape(-1, 3)
    expected = np.mean(twins) if twins else 0.0
    for order in (slice(None), slice(None, None, -1)):
        users, _, times = columns[order].T
        assert_allclose(formulas.tied_share(users, times), expected)


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=9),
    st.lists(st.integers(0, 9), min_size=1, max_size=9),
)
def test_older_share_is_zero_exactly_for_a_cut_in_time(targets, train):
    found = formulas.older_share(targets, train)
    assert_allclose(found, sum(t < max(train) for t in targets) / len(targets))
    assert (found == 0) == (min(targets) >= max(train))


@given(st.lists(st.one_of(st.none(), st.floats(-1e3, 1e3)), min_size=1, max_size=20))
def test_filled_variance_is_the_variance_after_filling(values):
    column = np.array([np.nan if v is None else v for v in values])
    if np.isnan(column).all():
        with pytest.raises(ValueError, match="values: expected at least 1"):
            formulas.filled_variance(column)
        return
    filled = np.where(np.isnan(column), np.nanmean(column), column)
    assert_allclose(formulas.filled_variance(column), filled.var(), atol=1e-6)


def test_mean_filling_at_thirty_per_cent_takes_about_thirty_per_cent_of_the_variance():
    rng = np.random.default_rng(0)
    column = rng.normal(size=10_000)
    gaps = np.where(rng.random(10_000) < 0.3, np.nan, column)
    assert_allclose(formulas.filled_variance(gaps) / column.var(), 0.7, atol=0.02)  # X28


pairs = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 1)), min_size=1, max_size=9)


@given(pairs, st.floats(0.1, 1))
def test_with_equal_chances_both_means_are_the_mean(rows, chance):
    x = [value for value, _ in rows]
    p = [chance] * len(x)
    assert_allclose(formulas.observed_mean(x, p), np.mean(x), atol=1e-9)
    assert_allclose(formulas.inverse_mean(x, p), np.mean(x), atol=1e-9)


@given(pairs)
def test_observed_and_inverse_mean_are_what_many_draws_give(rows):
    x, p = np.array(rows).T
    times = np.round(p * 1000)  # each value observed in this share of a thousand worlds
    seen, chance = np.repeat(x, times.astype(int)), np.repeat(times / 1000, times.astype(int))
    assert_allclose(seen.mean(), formulas.observed_mean(x, times / 1000), atol=1e-9)
    assert_allclose(formulas.inverse_mean(seen, chance), x.mean(), atol=1e-9)


def test_the_ratings_that_exist_are_too_good():
    assert formulas.observed_mean([1, 3, 5], [0.1, 0.2, 0.7]) > 3
    assert_allclose(formulas.inverse_mean([1, 3, 3] + [5] * 7, [0.1, 0.2, 0.2] + [0.7] * 7), 3)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.integers(1, 6))
def test_fill_share_is_the_filled_part_of_the_padded_rectangle(lengths, width):
    batch = np.zeros((len(lengths), width))
    for row, length in zip(batch, lengths, strict=True):
        row[width - min(length, width) :] = 1
    assert_allclose(formulas.fill_share(lengths, width), batch.mean())


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=4),
    st.lists(st.floats(0.1, 9), min_size=6, max_size=6),
)
def test_collision_chance_sums_the_chances_of_different_items(histories, chances):
    q = np.array(chances[1:]) / sum(chances[1:])
    expected = [sum(q[i - 1] for i in set(row) - {0}) for row in histories]
    assert_allclose(formulas.collision_chance(histories, chances), expected)


def test_collision_chance_of_even_draws_is_the_share_of_the_catalogue():
    assert_allclose(formulas.collision_chance([[0, 0, 3], [1, 2, 3]], np.ones(6)), [0.2, 0.6])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.density([0], [1, 2], 2, 2), "items: expected 1 rows, as users has"),
        (lambda: formulas.density([2], [1], 2, 2), r"users: expected numbers in 0\.\.1; .*2 to 2"),
        (lambda: formulas.density([0], [0], 2, 2), r"items: expected numbers in 1\.\.2"),
        (lambda: formulas.density([0], [1], 0, 2), "n_users: expected an integer"),
        (lambda: formulas.tied_share([0.5], [1]), "users: expected a vector of whole numbers"),
        (lambda: formulas.tied_share([0], [1, 2]), "times: expected 1 rows"),
        (lambda: formulas.older_share([], [1]), "target_times: expected at least 1"),
        (lambda: formulas.older_share([1], []), "train_times: expected at least 1"),
        (lambda: formulas.observed_mean([1], [0.0]), "chances: expected one above 0"),
        (lambda: formulas.observed_mean([1], [1.5]), r"chances: expected numbers in \[0, 1\]"),
        (lambda: formulas.observed_mean([1, 2], [0.5]), r"chances: expected shape \(2,\)"),
        (lambda: formulas.inverse_mean([1], [0]), "chances: expected numbers above 0"),
        (lambda: formulas.inverse_mean([], []), "values: expected at least 1"),
        (lambda: formulas.fill_share([-1], 3), r"lengths: expected numbers in 0\.\."),
        (lambda: formulas.fill_share([1], 0), "width: expected an integer"),
        (lambda: formulas.collision_chance([[9]], [0, 1]), r"histories: .* in 0\.\.1"),
        (lambda: formulas.collision_chance([[1]], [0, 0]), "chances: expected numbers from 0"),
    ],
)
def test_an_error_names_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.older_share([1, np.nan], [2]), "^target_times: expected finite numbers"),
        (lambda: formulas.observed_mean([1, np.nan], [0.5, 0.5]), "^values: expected finite"),
        (lambda: formulas.collision_chance([[1]], [0, np.nan]), "^chances: expected finite"),
        (lambda: formulas.collision_chance([[1]], [0, -1, 3]), "received -1 to 3, sum 2"),
    ],
)
def test_what_is_no_number_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
