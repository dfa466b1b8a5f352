"""What is cut out of a model, what it mattered, and that removing is silencing for less."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.attention import MultiHeadAttention
from attnrec_lite.efficiency import head_importance, prune_heads, prune_weights, remove_heads
from attnrec_lite.models import BPR, SASRec


def test_so_many_weights_of_every_matrix_are_zero_and_the_model_stays(sasrec):
    before = {name: array.copy() for name, array in sasrec._arrays().items()}
    copy, size = prune_weights(sasrec, 0.75)
    dense = 0
    for name, array in copy._arrays().items():
        if array.ndim == 2:
            dense += array.nbytes
            assert (array == 0).sum() >= int(0.75 * array.size)
            kept = array != 0
            assert_array_equal(array[kept], before[name][kept])
        else:
            assert_array_equal(array, before[name])
    assert_array_equal(sasrec._arrays()["table"], before["table"])
    assert size["dense"] == dense > size["sparse"]


def test_nothing_and_everything_can_go(split, histories):
    model = BPR(split.train.items, width=4).fit(split.train, epochs=1)
    same, size = prune_weights(model, 0.0)
    assert_array_equal(same.score_all(histories), model.score_all(histories))
    assert size["sparse"] > size["dense"]
    nothing = prune_weights(model, 1.0)[0]
    assert_allclose(nothing.score_all(histories)[:, 1:], np.tile(model.bias[1:], (20, 1)))


@pytest.mark.slow
def test_importance_is_the_slope_of_each_users_loss_by_a_gate(sasrec, split):
    """A gate is turned by hand: the head's rows of the last projection, up and down."""
    import tensorflow as tf

    from attnrec_lite.training import PaddedBatches

    users, each = 4, 4
    found = head_importance(sasrec, split.train, users)
    assert found.shape == (2, 4)
    rows = PaddedBatches(split.train, sasrec.window, 1, 0)
    readout = sasrec.network.blocks[1].attend.out
    kept = np.asarray(readout).copy()

    def loss(gate, n):
        gates = np.ones(16, np.float32)
        gates[2 * each : 3 * each] = gate
        readout.assign(kept * gates[:, None])
        ids, targets = rows.take(np.array([n]))
        value = sasrec.network.compute_loss(ids, targets, sasrec.network(tf.constant(ids)))
        readout.assign(kept)
        return float(value)

    slopes = [(loss(1.05, n) - loss(0.95, n)) / 0.1 for n in range(users)]
    assert found[1, 2] == pytest.approx(np.abs(slopes).mean(), rel=0.05)


def test_a_silenced_head_is_one_whose_gate_is_shut(sasrec, histories):
    copy = prune_heads(sasrec, [(0, 1), (1, 3)])
    assert not np.asarray(copy.network.blocks[0].attend.out)[4:8].any()
    assert not np.asarray(copy.network.blocks[1].attend.out)[12:].any()
    assert np.abs(copy.score_all(histories)[:, 1:] - sasrec.score_all(histories)[:, 1:]).max() > 0
    assert_array_equal(prune_heads(sasrec, []).score_all(histories), sasrec.score_all(histories))


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("gone", [[], [0], [1, 3], [0, 1, 2]])
def test_removed_heads_are_silenced_heads(gone, use_bias):
    layer = MultiHeadAttention(4, 3, causal=True, use_bias=use_bias, seed=0, window=4)
    tokens = np.random.default_rng(0).normal(size=(2, 6, 12)).astype(np.float32)
    layer(tokens)
    if use_bias:
        layer.qkv_bias.assign(np.random.default_rng(1).normal(size=36))
    small = remove_heads(layer, gone)
    assert small.heads == 4 - len(gone)
    assert small.count_params() < layer.count_params() or not gone
    found = small(tokens)[0]
    readout = np.asarray(layer.out).copy()
    readout[np.isin(np.arange(12) // 3, gone)] = 0
    layer.out.assign(readout)
    assert_allclose(found, layer(tokens)[0], atol=1e-6)


def test_one_head_is_always_left(sasrec):
    with pytest.raises(
        ValueError, match="^heads: expected at least one of 4 to be left of block 1"
    ):
        prune_heads(sasrec, [(1, h) for h in range(4)])
    layer = MultiHeadAttention(1, 3)
    layer.build((None, None, 3))
    with pytest.raises(ValueError, match="^heads: expected at least one of 1 to be left;"):
        remove_heads(layer, [0])
    assert remove_heads(layer, []).heads == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: prune_heads(m, [(2, 0)]),
            r"^heads: expected blocks 0\.\.1 .* received \(2, 0\)",
        ),
        (lambda m: prune_heads(m, [(0, -1)]), "^heads: expected blocks"),
        (lambda m: prune_weights(m, 2), r"^share: expected a number in \[0, 1\]"),
        (
            lambda m: remove_heads(MultiHeadAttention(2, 3), [0]),
            "^layer: expected one that is buil",
        ),
        (lambda m: remove_heads(m.network.blocks[0].attend, [4]), r"^heads: expected 0\.\.3; rec"),
    ],
)
def test_errors_name_the_argument(call, message, sasrec):
    with pytest.raises(ValueError, match=message):
        call(sasrec)


def test_a_diverged_model_is_refused(split):
    model = BPR(split.train.items, width=4)
    model.table[1, 1] = np.nan
    with pytest.raises(ValueError, match="^weights: expected finite numbers"):
        prune_weights(model, 0.5)


@pytest.mark.slow
def test_importance_needs_the_same_catalogue(sasrec, split):
    from attnrec_lite.data import make_shop

    with pytest.raises(ValueError, match="^log: expected 60 items; received 70"):
        head_importance(sasrec, make_shop(20, 70).log)
    assert head_importance(SASRec(split.train.items, width=4, window=4), split.train, 2).shape == (
        2,
        1,
    )
