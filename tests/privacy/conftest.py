"""A small shop and its split, for all tests of privacy."""

import pytest

from attnrec_lite.data import make_shop
from attnrec_lite.data.split import leave_one_out


@pytest.fixture(scope="session")
def small_log():
    """60 users, 60 goods."""
    return make_shop(n_users=60, n_items=60, seed=0).log


@pytest.fixture(scope="session")
def small_split(small_log):
    """Its last rows held out."""
    return leave_one_out(small_log)
