"""What is known about items: shapes, masks, what is missing, and ways to spoil it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.data import Modalities, Modality, Vocabulary, make_shop

GOODS = Vocabulary(np.array([10, 25, 7]), np.array(["kettle", "teapot", "bell"]))


def two():
    price = Modality.of_vectors("price", [[9.0], [12.5], [np.nan]], [True, True, False])
    kind = Modality.of_labels("kind", [("tea",), ("tea", "table"), ()])
    return Modalities(GOODS, (price, kind))


def test_row_zero_is_padding_and_what_is_missing_is_zero():
    price = two()["price"]
    assert_array_equal(price.values, np.array([[0], [9], [12.5], [0]], np.float32))
    assert_array_equal(price.known, [False, True, True, False])
    assert (price.values.dtype, price.width) == (np.float32, 1)
    with pytest.raises(ValueError, match="read-only"):
        price.values[1] = 3


def test_labels_become_sorted_codes():
    kind = two()["kind"]
    assert kind.labels == ("table", "tea")
    assert_array_equal(kind.values, [[0, 0], [2, 0], [1, 2], [0, 0]])
    assert_array_equal(kind.known, [False, True, True, False])
    assert kind.values.dtype == np.int32


def test_a_repeated_label_counts_once_and_a_rare_one_is_left_out():
    found = Modality.of_labels("cast", [("a", "a", "b"), ("a",), ("c",)], at_least=2)
    assert found.labels == ("a",)
    assert_array_equal(found.values[:, 0], [0, 1, 1, 0])
    assert_array_equal(found.known, [False, True, True, False])  # what is left out is not known
    with pytest.raises(ValueError, match="^cast: expected a label of at least 4 items; found none"):
        Modality.of_labels("cast", [("a", "a"), ("a",), ("a",)], at_least=4)


def test_labels_in_another_script_are_labels():
    assert Modality.of_labels("種類", [("茶",), ("نعناع",)]).labels == ("نعناع", "茶")


def test_one_modality_is_asked_for_by_name():
    modalities = two()
    assert modalities.names == ("price", "kind")
    assert len(modalities) == 2
    assert [s.name for s in modalities] == ["price", "kind"]
    assert modalities.only("kind").names == ("kind",)
    assert modalities.only("kind", "price").names == ("kind", "price")
    assert repr(modalities) == "Modalities(3 items: price, kind)"
    assert repr(modalities["price"]) == "Modality(price: 1 number, known for 2 of 3 items)"
    with pytest.raises(ValueError, match="^name: expected one of price, kind; received 'text'"):
        modalities["text"]


def test_none_at_all_is_allowed_and_says_so():
    assert repr(Modalities(GOODS, ())) == "Modalities(3 items: none)"


def test_hidden_is_missing_for_all_or_for_some_and_leaves_the_rest():
    before = two()
    after = before.hidden("price")
    assert not after["price"].known.any()
    assert not after["price"].values.any()
    assert after["kind"] is before["kind"]
    assert before["price"].known.sum() == 2  # the first is as it was
    assert_array_equal(before.hidden("price", [1])["price"].known, [False, False, True, False])
    assert_array_equal(before.hidden("price", [])["price"].known, before["price"].known)


@pytest.mark.parametrize("items", [[0], [4], [-1, 2]])
def test_an_unknown_item_is_not_hidden_in_silence(items):
    with pytest.raises(ValueError, match=r"^items: expected ids in 1\.\.3; received"):
        two().hidden("price", items)


def test_shuffled_keeps_the_values_and_moves_them_with_their_mask():
    modalities = Modalities.of_shop(make_shop(n_users=30)).hidden("text", [1, 2, 3])
    before, after = modalities["text"], modalities.shuffled("text", seed=1)["text"]
    assert not np.array_equal(before.values, after.values)
    assert not after.known[0]
    assert_array_equal(np.sort(before.values.sum(axis=1)), np.sort(after.values.sum(axis=1)))
    assert_array_equal(after.known[1:], after.values[1:].any(axis=1))
    assert before.known.sum() == after.known.sum()
    assert_array_equal(modalities.shuffled("text", seed=1)["text"].values, after.values)
    assert not np.array_equal(modalities.shuffled("text", seed=2)["text"].values, after.values)


def test_arrays_in_memory_in_the_order_of_the_vocabulary():
    found = Modalities.from_arrays(
        GOODS, {"sound": np.eye(3), "picture": [[1], [2], [3]]}, {"sound": [True, False, True]}
    )
    assert found.names == ("sound", "picture")
    assert_array_equal(found["sound"].values[2], 0)
    assert found["sound"].known.tolist() == [False, True, False, True]
    assert found["picture"].known.sum() == 3


@pytest.mark.parametrize(
    ("vectors", "known", "message"),
    [
        ({"a": np.ones((2, 2))}, {}, "^a: expected 3 items; received 2"),
        ({"a": np.ones(3)}, {}, r"^a: expected shape \(N, width\); received \(3,\)"),
        ({"a": np.ones((3, 0))}, {}, r"^a: expected shape \(N \+ 1, width\); received \(4, 0\)"),
        ({"a": [["x"], ["y"], ["z"]]}, {}, "^a: expected numbers; received"),
        ({"a": [[1, 2], [1], [1]]}, {}, "^a: expected numbers; received"),
        ({"a": [[1], [np.nan], [1]]}, {}, "^a: expected finite numbers; item 2 has NaN or inf"),
        ({"a": [[1], [1], [np.inf]]}, {}, "^a: expected finite numbers; item 3"),
        ({"a": np.ones((3, 1))}, {"b": [True] * 3}, "^known: expected one of a; received 'b'"),
        ({"a": np.ones((3, 1))}, {"a": [1, 0, 1]}, "^a: expected 3 booleans as known"),
        ({"a": np.ones((3, 1))}, {"a": [True]}, "^a: expected 3 booleans as known"),
        ({"id": np.ones((3, 1))}, {}, "^name: expected a word other than 'id'"),
        ({" ": np.ones((3, 1))}, {}, "^name: expected a word other than 'id'"),
    ],
)
def test_what_does_not_fit_is_named(vectors, known, message):
    with pytest.raises(ValueError, match=message):
        Modalities.from_arrays(GOODS, vectors, known)


def test_two_of_one_name_and_a_text_as_labels_are_refused():
    price = two()["price"]
    with pytest.raises(ValueError, match="^signals: expected different names"):
        Modalities(GOODS, (price, price))
    with pytest.raises(ValueError, match="^kind: expected a collection of labels for each item"):
        Modality.of_labels("kind", ["tea", "table", "tea"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"values": np.zeros((3, 1), int) + 3},
            r"^kind: expected codes in 0\.\.2; received 3 to 3",
        ),
        ({"values": np.zeros((3, 1), int) - 1}, r"^kind: expected codes in 0\.\.2; received -1"),
        ({"values": np.zeros(3, int)}, r"^kind: expected shape \(N \+ 1, width\)"),
        ({"known": np.array([True] * 3)}, "^kind: expected nothing in row 0"),
        ({"known": np.array([1, 0, 1])}, "^kind: expected 3 booleans as known; received int64"),
    ],
)
def test_a_signal_made_by_hand_is_checked_too(change, message):
    good = {"values": np.array([[0], [1], [2]]), "known": np.array([False, True, True])}
    with pytest.raises(ValueError, match=message):
        Modality("kind", **{**good, **change}, labels=("a", "b"))


def test_all_items_the_same_are_the_same():
    same = Modality.of_vectors("price", np.ones((3, 2)))
    assert_array_equal(same.values[1:], 1)
