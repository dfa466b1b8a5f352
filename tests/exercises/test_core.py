"""What a checker says about numbers can be read, and shows where they differ."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec_lite.exercises.core import Wrong, near


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        (1 / 3, 0.5, "x: expected 0.5; received 0.3333"),
        (1 / 3, 1 / 3 + 1e-5, "x: expected 0.333343333; received 0.333333333"),
        ([1 / 3, 2], [0.5, 2], "x: expected [0.5 2. ]; received [0.3333 2. ]"),
        ([0.5], [0.50001], "x: expected [0.50001]; received [0.5]"),
        (np.nan, 0.5, "x: expected 0.5; received nan"),
        (True, 0.5, "x: expected 0.5; received 1"),
    ],
)
def test_few_digits_unless_more_are_needed(found, expected, told):
    with pytest.raises(Wrong) as caught:
        near(found, expected, "x")
    assert str(caught.value).startswith(told)


def test_rounding_is_no_difference():
    near(np.float32(1 / 3), 1 / 3, "x")
    near([1e9], [1e9 + 1], "x")
