"""Looked-up scores: exact where a model adds, another model where it attends."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.efficiency import Precomputed
from attnrec_lite.models import EASE, ItemKNN, Popularity, SASRec, Successors, load

ALL = 10**6


@pytest.mark.parametrize("kind", [EASE, ItemKNN])
def test_a_model_that_adds_is_looked_up_exactly(kind, split, histories):
    model = kind(split.train.items).fit(split.train)
    assert Precomputed.of(model, ALL).gap(model, histories) < 1e-4
    assert Precomputed.of(model, 2).gap(model, histories) > 1e-3


def test_a_model_of_the_newest_item_is_looked_up_exactly(split, histories):
    model = Successors(split.train.items).fit(split.train)
    assert Precomputed.of(model, ALL, newest=True).gap(model, histories) < 1e-4
    assert Precomputed.of(model, ALL).gap(model, histories) > 0.5


@pytest.mark.slow
def test_attention_with_a_window_of_one_is_looked_up_and_with_more_is_not(split, sasrec, histories):
    narrow = SASRec(split.train.items, width=8, blocks=1, window=1).fit(split.train, epochs=1)
    assert Precomputed.of(narrow, ALL, newest=True).gap(narrow, histories) < 1e-4
    assert Precomputed.of(sasrec, ALL).gap(sasrec, histories) > 0.1
    assert Precomputed.of(sasrec, ALL, newest=True).gap(sasrec, histories) > 0.1


def test_a_repeated_item_counts_once_and_an_empty_history_is_popularity(split):
    model = EASE(split.train.items).fit(split.train)
    found = Precomputed.of(model, ALL)
    assert_allclose(found.score_all([[3, 3, 3]]), found.score_all([[0, 0, 3]]))
    assert_array_equal(found.score_all([[0]]), model.score_all([[0]]))


def test_a_file_of_it_loads_like_any_other(split, histories, tmp_path):
    found = Precomputed.of(ItemKNN(split.train.items).fit(split.train), 5)
    again = load(found.save(tmp_path / "lists.npz"))
    assert isinstance(again, Precomputed)
    assert_array_equal(again.score_all(histories), found.score_all(histories))
    assert again.config() == {"keep": 5, "newest": False}


def test_shares_of_a_score_are_those_of_its_parts():
    log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    model = EASE(log.items, penalty=1).fit(log)
    record = Precomputed.of(model).attention([[3, 1, 1]], [[2]])
    assert_allclose(record.weights, model.attention([[3, 1, 1]], [[2]]).weights, atol=1e-3)
    newest = Precomputed.of(model, newest=True).attention([[1, 3]], [[2]]).weights
    assert newest[0, 0, 0] == 0


def test_one_item_and_a_model_without_any_history():
    log = Interactions.from_columns([0], [1], [0])
    found = Precomputed.of(Popularity(log.items).fit(log), 3)
    assert found.recommend([[0]], 2)[0].tolist() == [[1, 0]]


def test_it_is_asked_for_not_fitted(split):
    with pytest.raises(TypeError, match="use Precomputed.of"):
        Precomputed(split.train.items).fit(split.train)
    with pytest.raises(ValueError, match="^keep: expected an integer of at least 1"):
        Precomputed(split.train.items, keep=0)


def test_a_file_with_unknown_ids_is_refused(split):
    found = Precomputed(split.train.items, keep=2)
    arrays = found._arrays() | {"ids": np.full((61, 2), 61, np.int32)}
    with pytest.raises(ValueError, match=r"^ids: expected item ids in 0\.\.60"):
        found._set_arrays(arrays)
