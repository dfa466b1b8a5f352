"""Copies of a model without its smallest weights, or without some heads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite._checks import whole
from attnrec_lite.attention import MultiHeadAttention
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.efficiency.copies import Kind, changed
from attnrec_lite.models.sasrec import SASRec
from attnrec_lite.training import PaddedBatches


def prune_weights(model: Kind, share: float) -> tuple[Kind, dict[str, int]]:
    """A copy whose smallest weights are zero, the same share of every matrix.

    Args:
        model: any recommender of the contract; vectors of numbers, such as biases, stay whole.
        share: of each matrix that is dropped.

    Returns:
        The copy, which is as fast and as large as the model: a zero is a number. And the bytes of
        its matrices, ``dense`` and ``sparse``: a store that leaves out zeros pays for columns.

    Raises:
        ValueError: if the share is not in [0, 1] or a weight is not finite.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import EASE
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> pruned, size = prune_weights(EASE(log.items, penalty=1).fit(log), 0.9)
    >>> int(np.count_nonzero(pruned.weights)), size
    (2, {'dense': 64, 'sparse': 36})
    """
    size = {"dense": 0, "sparse": 0}

    def cut(name: str, array: NDArray[Any]) -> NDArray[Any]:
        if array.ndim != 2 or array.dtype.kind != "f":
            return array
        rows, columns = array.shape
        for way, found in formulas.sparse_bytes(rows, columns, share).items():
            size[way] += found
        return np.where(formulas.magnitude_mask(array, share), array, 0).astype(array.dtype)

    copy = changed(model, cut)
    return copy, size


def head_importance(model: SASRec, log: Interactions, users: int = 200) -> NDArray[np.float64]:
    """How much the loss feels each head: ``formulas.head_importance``, user by user.

    Args:
        model: fitted.
        log: of which the first users with two items or more are asked.
        users: how many at most.

    Returns:
        Importances ``(block, head)``.

    Raises:
        ValueError: if the log has other items or nobody with two.
    """
    model._check_log(log)
    rows = PaddedBatches(log, model.window, 1, model.seed)
    network, heads = model.network, model.heads
    readouts = [block.attend.out for block in network.blocks]

    @tf.function  # type: ignore[untyped-decorator]
    def slopes(ids: tf.Tensor, targets: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = network.compute_loss(ids, targets, network(ids))
        found: list[tf.Tensor] = tape.gradient(loss, [w.value for w in readouts])
        return found

    some = [
        slopes(*rows.take(np.array([n]))) for n in range(min(whole("users", users), rows.n_rows))
    ]
    return np.stack(
        [
            formulas.head_importance(readout, np.stack([one[b] for one in some]), heads)
            for b, readout in enumerate(np.asarray(w) for w in readouts)
        ]
    )


def prune_heads(model: SASRec, heads: Iterable[tuple[int, int]]) -> SASRec:
    """A copy in which some heads say nothing.

    Their rows of the last projection are zero: the same scores as if they were not there, at the
    same cost. ``remove_heads`` makes a layer that is smaller.

    Args:
        model: fitted.
        heads: pairs of block and head, from 0.

    Returns:
        The copy.

    Raises:
        ValueError: if there is no such head, or none would be left in a block.
    """
    gone = {(int(block), int(head)) for block, head in heads}
    for block, head in gone:
        if not (0 <= block < model.blocks and 0 <= head < model.heads):
            raise ValueError(
                f"heads: expected blocks 0..{model.blocks - 1} and heads 0..{model.heads - 1}; "
                f"received {(block, head)}"
            )
    for block in range(model.blocks):
        _one_is_left(model.heads, [h for b, h in gone if b == block], f" of block {block}")
    copy = changed(model, lambda name, array: array)
    each = model.width // model.heads
    for block, head in gone:
        readout = copy.network.blocks[block].attend.out
        rows = np.arange(readout.shape[0]) // each == head
        readout.assign(np.where(rows[:, np.newaxis], 0, np.asarray(readout)))
    return copy


def remove_heads(layer: MultiHeadAttention, heads: Iterable[int]) -> MultiHeadAttention:
    """A smaller layer without some heads: less to store, less to compute, the same output.

    Args:
        layer: built.
        heads: which, from 0.

    Returns:
        A new layer with the weights of the other heads; its output is that of ``layer`` with the
        heads silenced.

    Raises:
        ValueError: if the layer is not built, there is no such head, or none would be left.

    >>> layer = MultiHeadAttention(heads=4, key_dim=2)
    >>> layer.build((None, None, 8))
    >>> small = remove_heads(layer, [1, 2])
    >>> layer.count_params(), small.count_params()
    (288, 148)
    """
    gone = sorted({int(head) for head in heads})
    if not layer.built:
        raise ValueError("layer: expected one that is built; it has no weights yet")
    if gone and not (gone[0] >= 0 and gone[-1] < layer.heads):
        raise ValueError(f"heads: expected 0..{layer.heads - 1}; received {gone}")
    _one_is_left(layer.heads, gone, "")
    stays = ~np.isin(np.arange(layer.heads), gone).repeat(layer.key_dim)
    three = np.tile(stays, 3)
    config = layer.get_config() | {"heads": layer.heads - len(gone)}
    small: MultiHeadAttention = type(layer).from_config(config)
    small.build((None, None, layer.qkv.shape[0]))
    small.qkv.assign(np.asarray(layer.qkv)[:, three])
    small.out.assign(np.asarray(layer.out)[stays])
    if layer.use_bias:
        small.qkv_bias.assign(np.asarray(layer.qkv_bias)[three])
        small.out_bias.assign(np.asarray(layer.out_bias))
    return small


def _one_is_left(heads: int, gone: list[int], where: str) -> None:
    if len(gone) >= heads:
        raise ValueError(
            f"heads: expected at least one of {heads} to be left{where}; "
            "a block without attention is another model"
        )
