"""Models taken apart give what they gave whole; others are refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.efficiency import as_product
from attnrec_lite.models import BPR, BERT4Rec, ItemKNN, QKVRecommender, TargetAttention


@pytest.mark.parametrize("name", ["sasrec", "qkv", "bpr"])
@pytest.mark.parametrize("exclude_seen", [True, False])
def test_parts_recommend_what_the_model_recommends(name, exclude_seen, sasrec, split, histories):
    model = {
        "sasrec": lambda: sasrec,
        "qkv": lambda: QKVRecommender(split.train.items, width=8, window=6).fit(split.train, 1),
        "bpr": lambda: BPR(split.train.items, width=8).fit(split.train, epochs=2),
    }[name]()
    ids, scores = as_product(model).recommend(histories, 7, exclude_seen)
    expected = model.recommend(histories, 7, exclude_seen)
    assert_array_equal(ids, expected[0])
    assert_allclose(scores, expected[1], rtol=1e-4, atol=1e-5)


def test_parts_are_copies(sasrec, histories):
    product, before = as_product(sasrec), sasrec.score_all(histories)
    product.table[:] = 0
    assert_array_equal(sasrec.score_all(histories), before)


def test_an_empty_history_has_a_context(sasrec):
    assert np.isfinite(as_product(sasrec).contexts([[0, 0]])).all()


@pytest.mark.parametrize("kind", [TargetAttention, BERT4Rec, ItemKNN])
def test_where_the_candidate_or_a_hole_asks_there_is_no_such_product(kind, split):
    model = kind(split.train.items)
    name = model.name
    with pytest.raises(ValueError, match=f"^model: expected one whose score is a prod.*{name} is"):
        as_product(model)


def test_unknown_ids_are_refused(sasrec):
    with pytest.raises(ValueError, match=r"^history: expected ids in 0\.\.60; received 61"):
        as_product(sasrec).contexts([[61]])
