"""Features: the formulas of the book and the stock layers that do the same for batches."""

from __future__ import annotations

import keras
import numpy as np
from numpy.testing import assert_allclose

from attnrec_lite import formulas


def test_standardise_is_the_stock_layer_adapted_to_the_training_rows():
    rng = np.random.default_rng(0)
    train, values = rng.lognormal(size=200), rng.lognormal(size=50)
    layer = keras.layers.Normalization(axis=None)
    layer.adapt(train.astype("float32"))
    found = layer(values.astype("float32")[:, None]).numpy().ravel()
    assert_allclose(found, formulas.standardise(values, train), atol=1e-5)
