"""A network read once more, with something exchanged: the vectors of the history, or the weights.

Each reader follows the ``look`` of its network and ends with the scores of all items. The tests
hold them equal to ``score_all`` when nothing is exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite.attention import masked_softmax, visible
from attnrec_lite.models._candidates import CandidateNetwork, capped
from attnrec_lite.models._history import ago_bias
from attnrec_lite.models._interests import AttentionInterests
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.models._transformer import TransformerNetwork, one_piece
from attnrec_lite.models.pairwise_attention import PairwiseNetwork
from attnrec_lite.models.pooled import MeanNetwork
from attnrec_lite.models.qkv import QKVNetwork

Move = Callable[[tf.Tensor], tf.Tensor]
LEAST = 1e-30  # a weight below this is none: its logarithm is still a float32


def places(model: Any, history: NDArray[np.int32]) -> NDArray[np.int32]:
    """The part of a history ``(batch, length)`` that the network of a model reads."""
    with_hole = hasattr(model, "_with_hole")
    return history[:, 1 - model.window :] if with_hole else np.asarray(model._newest(history))


def readable(model: Any) -> bool:
    """Whether the network of a model is one that can be read with other vectors."""
    return isinstance(model, NextItemRecommender) and _reader(model) is not None


def movable(model: Any) -> bool:
    """Whether the weights of a model can be exchanged."""
    return readable(model) and not isinstance(model.network, MeanNetwork)


def table_of(model: Any) -> tf.Tensor:
    """Vectors of items as what was met, ``(N + 1, d)``."""
    network = model.network
    return tf.convert_to_tensor(getattr(network, "past", network.table))


def scores_of(
    model: Any, ids: NDArray[np.int32], vectors: Any = None, move: Move | None = None
) -> tf.Tensor:
    """Scores of all items, float32 ``(batch, N + 1)``.

    Args:
        model: one that is ``readable``.
        ids: what ``places`` gave, ``(batch, m)``.
        vectors: of these places, ``(batch, m, d)``; by default the model's own.
        move: from the weights of the newest query, ``(batch, k, m)`` for k heads, interests or
            candidates, to others; with several blocks it is asked in each of them.

    Raises:
        TypeError: if the model is not ``readable``.
    """
    read = _reader(model)
    if read is None:
        raise TypeError(f"model: expected one with a network that can be read; received {model!r}")
    x = tf.gather(table_of(model), ids) if vectors is None else vectors
    return read(model, tf.constant(ids), tf.cast(x, tf.float32), move)


def _reader(model: Any) -> Any:
    for kind, read in _READERS.items():
        if isinstance(getattr(model, "network", None), kind):
            return read
    return None


def _mean(model: Any, ids: tf.Tensor, x: tf.Tensor, move: Move | None) -> tf.Tensor:
    real = tf.cast(ids > 0, tf.float32)[:, :, tf.newaxis]
    mean = tf.math.divide_no_nan(tf.reduce_sum(x * real, 1), tf.reduce_sum(real, 1))
    return _against_all(model, model.network.norm(mean), ids)


def _query_key_value(model: Any, ids: tf.Tensor, x: tf.Tensor, move: Move | None) -> tf.Tensor:
    net, steps = model.network, tf.range(tf.shape(ids)[1])
    ago = tf.maximum(steps[:, tf.newaxis] - steps[tf.newaxis, :], 0)
    bias = tf.gather(tf.convert_to_tensor(net.recency), ago, axis=1)[tf.newaxis]
    normed = net.norm_in(x)
    z, seen = net.attend(normed, mask=ids > 0, bias=bias)
    if move is not None:
        z, _ = net.attend(normed, mask=ids > 0, bias=bias + _shift(seen, move, ids))
    return _against_all(model, net.norm_out(x + z)[:, -1], ids)


def _transformer(model: Any, ids: tf.Tensor, x: tf.Tensor, move: Move | None) -> tf.Tensor:
    net, full = model.network, ids
    if hasattr(model, "_with_hole"):
        full = tf.pad(ids, [[0, 0], [0, 1]], constant_values=model.n_items + 1)
    rows = one_piece(full)
    if net.intervals:
        rows["times"] = tf.constant(model._times(full.numpy()))
    other = (x - tf.gather(table_of(model), ids)) * net.width**0.5
    behind = full.shape[1] - ids.shape[1]
    h = net.embed(rows) + tf.pad(other, [[0, 0], [0, behind], [0, 0]])
    for block, bias in zip(net.blocks, net.visible(rows), strict=True):
        after, seen = block(h, bias)
        if move is not None:
            after, _ = block(h, bias + _shift(seen, move, ids))
        h = after
    return _against_all(model, net.norm(h)[:, -1], full)


def _candidates(model: Any, ids: tf.Tensor, x: tf.Tensor, move: Move | None) -> tf.Tensor:
    net, (batch, length) = model.network, ids.shape
    flat = tf.reshape(x, (batch * length, x.shape[-1]))
    s, values = (tf.reshape(p, (batch, length, -1)) for p in net.pair(flat, net.table))
    factors = net.ago_factors(length)[-1] * tf.cast(ids > 0, s.dtype)
    w = tf.exp(capped(s)) * factors[:, :, tf.newaxis]
    w = tf.math.divide_no_nan(w, tf.reduce_sum(w, axis=1, keepdims=True))
    if move is not None:
        w = tf.transpose(move(tf.transpose(w, (0, 2, 1))), (0, 2, 1))
    return tf.reduce_sum(w * values, axis=1) + net.bias


def _interests(model: Any, ids: tf.Tensor, x: tf.Tensor, move: Move | None) -> tf.Tensor:
    net = model.network
    s = tf.einsum("bjd,kd->bkj", tf.tanh(tf.tensordot(x, net.hidden, 1)), net.queries)
    s += ago_bias(net.recency, tf.shape(ids)[1])[:, -1]
    w = masked_softmax(s, (ids > 0)[:, tf.newaxis])
    z = tf.matmul(w if move is None else move(w), x)
    each = tf.einsum("bkd,nd->bkn", z, tf.convert_to_tensor(net.table))
    return tf.reduce_max(each, axis=1) + net.bias


def _pairwise(model: Any, ids: tf.Tensor, x: tf.Tensor, move: Move | None) -> tf.Tensor:
    net, seen = model.network, visible(ids > 0, causal=True)
    to_user, to_score = tf.unstack(ago_bias(net.recency, tf.shape(ids)[1]))
    user = tf.matmul(masked_softmax(tf.broadcast_to(to_user, tf.shape(seen)), seen), x)
    w = masked_softmax(net.judge(user, x) + to_score, seen)[:, -1:]
    context = net.dense(tf.matmul(w if move is None else move(w), x))[:, 0]
    return _against_all(model, context, ids)


def _against_all(model: Any, context: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """A context against every item; without a history only the item bias speaks."""
    context = tf.where((ids > 0)[:, -1:], context, 0.0)
    return tf.matmul(context, model.network.table, transpose_b=True) + model.network.bias


def _shift(seen: tf.Tensor, move: Move, ids: tf.Tensor) -> tf.Tensor:
    """What to add to the scores so that the newest query has the weights that ``move`` wants.

    Scores are the logarithm of the weights and a number that all keys of a query share, so the
    difference of two logarithms exchanges one set of weights for another.
    """
    length = ids.shape[1]
    own = seen[:, :, -1, :length]
    wanted = tf.cast(move(own), own.dtype)
    step = tf.math.log(tf.maximum(wanted, LEAST)) - tf.math.log(tf.maximum(own, LEAST))
    step = tf.where((ids > 0)[:, tf.newaxis], step, 0.0)[:, :, tf.newaxis]
    above, behind = seen.shape[2] - 1, seen.shape[3] - length
    return tf.pad(step, [[0, 0], [0, 0], [above, 0], [0, behind]])


_READERS: dict[type, Any] = {
    MeanNetwork: _mean,
    QKVNetwork: _query_key_value,
    TransformerNetwork: _transformer,
    CandidateNetwork: _candidates,
    AttentionInterests: _interests,
    PairwiseNetwork: _pairwise,
}
