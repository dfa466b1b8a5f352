"""An attention record says what its numbers are, and refuses numbers that would mislead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.formulas import masked_softmax

GOODS = Vocabulary(np.arange(1, 6), np.array(["kettle", "teapot", "cup", "tray", "spoon"]))
KEYS = np.array([[0, 1, 2], [3, 4, 5], [0, 0, 0]])
HEADS = np.array(
    [[[0, 0.25, 0.75], [0, 1, 0]], [[0.2, 0.3, 0.5], [0.4, 0.4, 0.2]], [[0, 0, 0], [0, 0, 0]]]
)  # (user, head, key): ragged, with an empty row


def two_heads():
    return AttentionRecord(HEADS, ("user", "head", "key"), KEYS, "the newest item", GOODS)


def one_head():
    return AttentionRecord(HEADS[:, :1], ("user", "head", "key"), KEYS, "the newest item", GOODS)


def test_a_record_keeps_weights_and_keys_in_their_types():
    record = two_heads()
    assert (record.weights.dtype, record.keys.dtype, len(record)) == (np.float32, np.int32, 3)
    assert_allclose(record.weights, HEADS)


def test_select_takes_the_named_place():
    record = two_heads()
    assert_allclose(record.select(0, head=1), [0, 1, 0])
    assert_allclose(record.select(1, head=0), [0.2, 0.3, 0.5])
    assert_allclose(record.select(-2, head=-2), record.select(1, head=0))
    assert_allclose(one_head().select(1), [0.2, 0.3, 0.5])  # one head goes without saying


def test_heads_are_never_averaged_in_silence():
    with pytest.raises(ValueError, match=r"^head: expected a number in 0\.\.1; received None"):
        two_heads().select(0)
    with pytest.raises(ValueError, match="^head: "):
        two_heads().top(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.select(3, head=0), r"^user: expected a number in 0\.\.2; received 3"),
        (lambda r: r.select(-4, head=0), "^user: expected a number"),
        (lambda r: r.select(0, head=2), r"^head: expected a number in 0\.\.1; received 2"),
        (lambda r: r.select(0, head=0, layer=1), "^axes are .*received layer"),
        (lambda r: r.select(0, head=0, key=1), "^axes are .*received key"),
    ],
)
def test_select_refuses_what_is_not_there(call, message):
    with pytest.raises(ValueError, match=message):
        call(two_heads())


def test_top_is_by_weight_with_titles_and_without_padding():
    record = two_heads()
    assert record.top(0, head=0) == [("teapot", 0.75), ("kettle", 0.25)]
    assert record.top(0, n=1, head=1) == [("kettle", 1.0)]
    assert record.top(2, head=0) == []
    assert record.top(0, n=99, head=0) == record.top(0, head=0)


def test_of_equal_weights_the_newest_comes_first():
    titles = [title for title, _ in two_heads().top(1, head=1)]
    assert titles == ["tray", "cup", "spoon"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 5), min_size=5, max_size=5), st.integers(0, 2**32 - 1))
def test_top_shows_every_real_key_once_and_all_of_the_weight(lengths, seed):
    keys = np.stack([np.arange(1, 6) * (np.arange(5) >= 5 - n) for n in lengths])
    weights = masked_softmax(np.random.default_rng(seed).normal(size=(5, 5)), keys > 0)
    record = AttentionRecord(weights, ("user", "key"), keys, "q", GOODS)
    for user, n in enumerate(lengths):
        top = record.top(user)
        assert sorted(t for t, _ in top) == sorted(GOODS.title(keys[user, keys[user] > 0]).tolist())
        shares = [w for _, w in top]
        assert shares == sorted(shares, reverse=True)
        assert_allclose(sum(shares), n > 0, atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"axes": ("user", "key")}, "^axes: expected 3 names from 'user' to 'key'"),
        ({"axes": ("head", "user", "key")}, "^axes: "),
        ({"axes": ("user", "key", "head")}, "^axes: "),
        ({"keys": KEYS[:2]}, r"^keys: expected shape \(3, 3\); received \(2, 3\)"),
        ({"keys": KEYS[:, :2]}, r"^keys: expected shape \(3, 3\); received \(3, 2\)"),
        ({"weights": HEADS * 2}, "^weights: expected shares that sum to 1"),
        ({"weights": HEADS * np.nan}, "^weights: expected shares"),
        ({"weights": HEADS * [-1, 1, 1] + [0, 0, 0]}, "^weights: expected shares"),
        ({"weights": np.full(HEADS.shape, 1 / 3)}, "^weights: expected 0 at padding"),
        ({"weights": np.moveaxis(HEADS, 1, 2)}, "^(keys|weights): "),
    ],
)
def test_a_record_that_would_mislead_is_refused(changed, message):
    parts = {
        "weights": HEADS, "axes": ("user", "head", "key"), "keys": KEYS,
        "query": "the newest item", "items": GOODS, **changed,
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        AttentionRecord(**parts)


def test_weights_in_half_precision_are_taken():
    weights = masked_softmax(np.linspace(0, 3, 300)[None], np.ones((1, 300), bool))
    keys = np.ones((1, 300), int)
    record = AttentionRecord(weights.astype(np.float16), ("user", "key"), keys, "q", GOODS)
    assert_allclose(record.select(0).sum(), 1, atol=1e-3)


def test_a_record_of_nobody_is_empty():
    record = AttentionRecord(np.zeros((0, 3)), ("user", "key"), np.zeros((0, 3)), "q", GOODS)
    assert len(record) == 0
    with pytest.raises(ValueError, match="^user: "):
        record.select(0)


def test_a_record_does_not_change_when_its_source_does():
    weights, keys = HEADS.astype(np.float32), KEYS.astype(np.int32)
    record = AttentionRecord(weights, ("user", "head", "key"), keys, "q", GOODS)
    with pytest.raises(AttributeError):
        record.query = "another"
    assert_array_equal(record.weights, weights)


# ---- who competes with whom --------------------------------------------------------------------

SHARED = np.array([[[0, 0.25, 0.5], [0, 0.75, 0.5]]])  # two interests share out each of two keys


def test_interests_may_compete_for_each_key():
    axes, keys = ("user", "interest", "key"), [[0, 1, 2]]
    record = AttentionRecord(SHARED, axes, keys, "each interest", GOODS, over="interest")
    assert_allclose(record.select(0, interest=1), [0, 0.75, 0.5])
    with pytest.raises(ValueError, match="^weights: expected shares .* over the keys"):
        AttentionRecord(SHARED, axes, keys, "each interest", GOODS)


@pytest.mark.parametrize("over", ["user", "head", ""])
def test_who_competes_has_to_be_an_axis(over):
    axes, keys = ("user", "interest", "key"), [[0, 1, 2]]
    with pytest.raises(ValueError, match="^over: expected one of .*'interest', 'key'.*; received"):
        AttentionRecord(SHARED, axes, keys, "each interest", GOODS, over=over)


def test_weights_of_another_normaliser_are_refused():
    axes, keys = ("user", "interest", "key"), [[1, 2]]
    over_keys = np.array([[[0.25, 0.75], [0.5, 0.5]]])
    with pytest.raises(ValueError, match="^weights: expected shares .* over the interests"):
        AttentionRecord(over_keys, axes, keys, "each interest", GOODS, over="interest")
