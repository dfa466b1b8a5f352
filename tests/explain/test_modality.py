"""A record of modalities answers by name, and refuses what would mislead."""

import numpy as np
import pytest

from attnrec_lite.data import Vocabulary
from attnrec_lite.explain import ModalityRecord

GOODS = Vocabulary(np.arange(1, 6), np.array(["kettle", "teapot", "cup", "tray", "spoon"]))


def modalities(**changes):
    given_ = {
        "weights": [[0.25, 0.75], [0.5, 0.5]],
        "shares": [[0.1, 0.9], [1.5, -0.5]],
        "keys": [2, 5],
        "modalities": ("id", "text"),
        "meaning": "softmax over the modalities that are there",
        "items": GOODS,
    }
    return ModalityRecord(**{**given_, **changes})


def test_a_record_of_modalities_answers_by_name():
    record = modalities()
    assert (record.weights.dtype, record.keys.dtype, len(record)) == (np.float32, np.int32, 2)
    assert record.of("spoon") == record.of(5) == {"id": 0.5, "text": 0.5}
    assert record.mean() == {"id": 0.375, "text": 0.625}
    assert record.mean("shares") == pytest.approx({"id": 0.8, "text": 0.2})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [[1.0, 0.0]]}, r"^weights: expected shape \(2, 2\); received \(1, 2\)"),
        ({"shares": [[1.0], [0.0]]}, r"^shares: expected shape \(2, 2\)"),
        ({"modalities": ("id",)}, r"^weights: expected shape \(2, 1\)"),
        ({"keys": [0, 1]}, r"^keys: expected ids in 1\.\.5"),
    ],
)
def test_a_record_of_modalities_that_would_mislead_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        modalities(**changes)


def test_a_record_of_modalities_knows_its_items_alone():
    with pytest.raises(ValueError, match="^title_or_raw: 'kettle' is not among the 2 items"):
        modalities().of("kettle")
    with pytest.raises(ValueError, match="^what: expected one of weights, shares"):
        modalities().mean("sums")
