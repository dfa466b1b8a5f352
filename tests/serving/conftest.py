"""A small trained model, and histories of every length."""

import numpy as np
import pytest

from attnrec_lite.data import make_shop
from attnrec_lite.models import SASRec


@pytest.fixture(scope="session")
def log():
    return make_shop(n_users=60).log


@pytest.fixture(scope="session")
def model(log):
    return SASRec(log.items, width=8, window=5, seed=1).fit(log, epochs=1)


@pytest.fixture(scope="session")
def histories(log):
    """Left-padded, of 0 to 14 items; the first is empty."""
    rng = np.random.default_rng(0)
    rows = np.zeros((15, 14), np.int32)
    for length in range(1, 15):
        rows[length, -length:] = rng.integers(1, log.n_items + 1, length)
    return rows
