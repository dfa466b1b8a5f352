"""A small shop, and a model trained on it once for all tests of this folder."""

import pytest

from attnrec_lite.data import leave_one_out, make_shop


@pytest.fixture(scope="session")
def split():
    return leave_one_out(make_shop(150, 60).log)


@pytest.fixture(scope="session")
def sasrec(split):
    from attnrec_lite.models import SASRec

    model = SASRec(split.train.items, width=16, heads=4, blocks=2, window=8, seed=0)
    return model.fit(split.train, epochs=3, learning_rate=1e-2)


@pytest.fixture(scope="session")
def histories(split):
    return split.test.history(range(20))
