"""Items held out of training: none of their rows is left, and every target is cold or warm."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.data import (
    cold_and_warm,
    cold_items,
    hide_items,
    leave_one_out,
    make_shop,
)

SPLIT = leave_one_out(make_shop(n_users=300).log)


def test_no_row_of_a_cold_item_is_learned_from():
    hidden = hide_items(SPLIT, 0.3, seed=2)
    cold = cold_items(hidden)
    assert len(cold) == round(0.3 * len(np.unique(SPLIT.train.item)))
    assert not np.isin(hidden.train.item, cold).any()
    kept = ~np.isin(SPLIT.train.item, cold)
    assert_array_equal(hidden.train.item, SPLIT.train.item[kept])  # and nothing else goes
    assert hidden.test is SPLIT.test
    assert "72 items of 240 hidden from training" in hidden.protocol


def test_every_target_is_cold_or_warm_and_says_so():
    hidden = hide_items(SPLIT)
    for holdout in (hidden.test, hidden.validation):
        cold, warm = cold_and_warm(hidden, holdout)
        assert np.isin(cold.item, cold_items(hidden)).all()
        assert not np.isin(warm.item, cold_items(hidden)).any()
        assert_array_equal(np.sort(np.concatenate([cold.row, warm.row])), holdout.row)
        assert cold.rule == f"{holdout.rule}, cold items only"
        assert_array_equal(cold.known, holdout.known[np.isin(holdout.row, cold.row)])
    assert_array_equal(cold_and_warm(hidden)[0].row, cold_and_warm(hidden, hidden.test)[0].row)


def test_the_seed_decides_which():
    first, second, again = (cold_items(hide_items(SPLIT, 0.2, seed)) for seed in (0, 1, 0))
    assert_array_equal(first, again)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, "a", True, np.nan])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="^share: expected"):
        hide_items(SPLIT, share)


def test_a_share_that_hides_nothing_is_refused():
    with pytest.raises(ValueError, match="^share: expected one that hides some of 240"):
        hide_items(SPLIT, 0.001)
