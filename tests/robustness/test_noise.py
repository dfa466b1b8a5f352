"""Wrong clicks: how many, where, and that nothing else changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.robustness import noisy_history, noisy_log
from attnrec_lite.robustness.noise import packed

quick = settings(deadline=None, max_examples=30)
rates = st.floats(0, 1)


def log_of(n=2000, users=50, items=30, seed=0):
    rng = np.random.default_rng(seed)
    value = rng.integers(1, 11, n) / 2
    return Interactions.from_columns(
        rng.integers(0, users, n), rng.integers(1, items + 1, n), rng.permutation(n), value=value
    )


LOG = log_of()


def test_as_many_rows_are_wrong_as_asked_and_each_names_another_item():
    wrong = noisy_log(LOG, "replace", 0.3)
    changed = wrong.item != LOG.item
    assert 0.26 < changed.mean() < 0.34
    assert_array_equal(wrong.user, LOG.user)
    assert_array_equal(wrong.value, LOG.value)
    assert (noisy_log(LOG, "replace", 1.0).item != LOG.item).all()


def test_replaced_items_are_all_alike():
    drawn = noisy_log(log_of(20_000, items=5), "replace", 1.0)
    share = np.bincount(drawn.item, minlength=6)[1:] / len(drawn)
    assert np.abs(share - 0.2).max() < 0.02


def test_inserted_rows_follow_the_row_that_they_copy_and_the_true_ones_stay():
    wrong = noisy_log(LOG, "insert", 0.4)
    assert len(wrong) > 1.3 * len(LOG)
    order = iter(wrong.item.tolist())
    assert all(item in order for item in LOG.item.tolist())  # in their order
    assert_array_equal(np.unique(wrong.time), np.unique(LOG.time))


def test_dropped_rows_are_gone_and_the_vocabulary_stays():
    wrong = noisy_log(LOG, "drop", 0.5)
    assert 0.45 < len(wrong) / len(LOG) < 0.55
    assert wrong.n_items == LOG.n_items
    assert len(noisy_log(LOG, "drop", 1.0)) == 0
    assert len(noisy_log(noisy_log(LOG, "drop", 1.0), "insert", 1.0)) == 0


@quick
@given(st.sampled_from(["replace", "insert", "drop"]), st.integers(0, 99))
def test_nothing_happens_at_rate_zero_and_the_same_seed_does_the_same(kind, seed):
    assert_array_equal(noisy_log(LOG, kind, 0.0, seed).item, LOG.item)
    first, second = (noisy_log(LOG, kind, 0.5, seed).item for _ in range(2))
    assert_array_equal(first, second)


@quick
@given(st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=5), rates,
       st.sampled_from(["replace", "insert", "drop"]), st.integers(0, 999))  # fmt: skip
def test_histories_stay_left_padded_and_in_order(rows, rate, kind, seed):
    width = max(1, *map(len, rows))
    ids = np.array([[0] * (width - len(row)) + row for row in rows], np.int32)
    found = noisy_history(ids, kind, rate, 9, seed)
    assert not ((found[:, :-1] > 0) & (found[:, 1:] == 0)).any()
    count, was = (found > 0).sum(axis=1), (ids > 0).sum(axis=1)
    if kind == "replace":
        assert_array_equal(count, was)
    if kind == "insert":
        assert np.all((count >= was) & (count <= 2 * was))
    for row, old in zip(found, ids, strict=True):
        kept = iter(row[row > 0] if kind == "insert" else old[old > 0])
        if kind != "replace":
            assert all(item in kept for item in (old if kind == "insert" else row) if item)


def test_an_empty_history_stays_empty():
    assert noisy_history(np.zeros((2, 0), int), "insert", 1.0, 5).sum() == 0
    assert_array_equal(packed(np.array([[1, 0, 2], [0, 0, 0]])), [[0, 1, 2], [0, 0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noisy_log(LOG, "swap", 0.1), "kind: expected one of replace, insert, drop"),
        (lambda: noisy_log(LOG, "drop", 1.1), "rate: expected a number in"),
        (lambda: noisy_log(LOG, "drop", np.nan), "rate: expected a number in"),
        (lambda: noisy_log(log_of(5, items=1), "replace", 0.1), "log: expected at least 2 items"),
        (lambda: noisy_history([[9]], "drop", 0.1, 3), "history: expected ids in 0..3"),
        (lambda: noisy_history([[1, 0]], "drop", 0.1, 3), "history: expected padding"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
