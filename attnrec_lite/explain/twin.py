"""A twin: the same predictions with other weights, found exactly or learned.

If two models answer alike and look elsewhere, what they look at does not explain the answer. The
exact twin moves the weights of each history where its values leave room; the learned one is a model
of its own, pushed away from the weights of the first while it copies its predictions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from attnrec_lite._checks import Floats, as_history, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.sequences import pad_slices
from attnrec_lite.explain._reading import scores_of
from attnrec_lite.formulas import jensen_shannon, same_output_weights, total_variation
from attnrec_lite.models.qkv import QKVRecommender

SMALLEST = 1e-9  # below it a weight counts as this much under a logarithm


@dataclass(frozen=True, eq=False)
class Twin:
    """How alike two models answer and how differently they look, one figure for each history.

    Attributes:
        predictions: total variation between their choices among all items, (17.4), in [0, 1].
        divergence: Jensen-Shannon divergence of their weights in nats, (17.5), the mean over the
            heads; 0.693 is the most there is.
        moved: total variation between their weights, the mean over the heads.
        same_top: whether the same item has the largest weight, in every head.
        kept: share of the first one's ten best that are among the second one's; the history is
            left out.
    """

    predictions: Floats
    divergence: Floats
    moved: Floats
    same_top: NDArray[np.bool_]
    kept: Floats

    def mean(self) -> dict[str, float]:
        """The mean of each figure over the histories."""
        return {name: float(np.mean(values)) for name, values in vars(self).items()}


def compare_twins(
    model: QKVRecommender, twin: QKVRecommender, histories: ArrayLike, k: int = 10
) -> Twin:
    """Set a model beside another of its kind.

    Args:
        model: the first.
        twin: the second, of the same catalogue, heads and window.
        histories: item ids ``(batch, length)``, left-padded, none of them empty.
        k: length of the lists that are compared.

    Returns:
        A figure for each history.

    Raises:
        ValueError: if histories are no histories, one is empty, or the models do not fit together.
    """
    past = _not_empty(model, histories)
    if (twin.n_items, twin.window, twin.heads) != (model.n_items, model.window, model.heads):  # type: ignore[attr-defined]
        raise ValueError("twin: expected the catalogue, the window and the heads of the model")
    scores = [m.score_all(past) for m in (model, twin)]
    nobody = np.ones((len(past), 1), np.int32)
    weights = [m.attention(past, nobody).weights for m in (model, twin)]
    return _twin(past, scores, weights, k)


def exact_twin(
    model: QKVRecommender, histories: ArrayLike, tries: int = 20, k: int = 10
) -> tuple[Twin, NDArray[np.float32]]:
    """Move the weights of each history as far as can be found without changing what comes out.

    There is room where values depend on one another: where an item occurs twice, or where there are
    more items than a head is wide, and one more; see ``formulas.same_output_weights``.

    Args:
        model: its newest item asks once, in one block.
        histories: item ids ``(batch, length)``, left-padded, none of them empty.
        tries: linear programs for each history and head.
        k: length of the lists that are compared.

    Returns:
        The comparison of what the model says with its own weights and with the others, and these,
        ``(batch, head, key)``.

    Raises:
        ValueError: if histories are no histories or one is empty.
    """
    past = _not_empty(model, histories)[:, -model.window :]
    net, ids = model.network, tf.constant(past)
    normed = net.norm_in(tf.gather(net.table, ids))
    inner = net.attend.heads * net.attend.key_dim
    values = net.attend._split(net.attend._project(normed, 2 * inner, 3 * inner)).numpy()
    own = model.attention(past, np.ones((len(past), 1), np.int32)).weights
    other = np.zeros_like(own)
    for user, head in np.ndindex(*own.shape[:2]):
        real = past[user] > 0
        w = np.asarray(own[user, head, real], np.float64)
        other[user, head, real] = same_output_weights(w / w.sum(), values[user, head, real], tries)
    scores = [np.array(scores_of(model, past, move=move)) for move in (None, lambda w: other)]
    return _twin(past, scores, [own, other], k), other


def train_twin(
    model: QKVRecommender,
    log: Interactions,
    push: float = 1.0,
    epochs: int = 30,
    batch: int = 64,
    learning_rate: float = 3e-3,
    seed: int = 1,
) -> QKVRecommender:
    r"""Learn a model that predicts as another does and looks elsewhere.

    $\mathcal L = \mathrm{KL}(p \Vert p') - \lambda\, \mathrm{JSD}(w, w')$, the mean over all places
    of all histories, of the divergence over those with a choice: two items or more. It starts as a
    copy whose queries, keys and sense of time are drawn anew: where two sets of weights are equal,
    their divergence has no slope.

    Args:
        model: to be copied; it does not change.
        log: histories to learn on.
        push: $\lambda$; with 0 it is a copy that is left to look where it likes, the control.
        epochs: passes over the users.
        batch: users per step.
        learning_rate: of Adam at the start; it falls to 0 along a cosine.
        seed: of the new start and of the order of users.

    Returns:
        Another model with the settings of the first.

    Raises:
        ValueError: if the log has other items, nobody has two of them, or a number is out of range.

    Source: Wiegreffe and Pinter, "Attention is not not Explanation", EMNLP 2019; they take the
    total variation of the predictions.
    """
    model._check_log(log)
    if push != 0:
        positive("push", push)
    bounds = log.bounds()
    some = np.diff(bounds) >= 2
    if not some.any():
        raise ValueError("log: expected somebody with two items; received none")
    rows = pad_slices(log.item, bounds[:-1][some], bounds[1:][some], model.window)
    twin = QKVRecommender(model.items, **{**model.config(), "seed": whole("seed", seed, least=0)})
    fresh = {name: twin._arrays()[name] for name in ("attend/qkv", "recency")}
    twin._set_arrays(model._arrays() | fresh)
    steps = whole("epochs", epochs) * -(-len(rows) // whole("batch", batch))
    falling = keras.optimizers.schedules.CosineDecay(
        positive("learning_rate", learning_rate), steps
    )
    optimizer = keras.optimizers.Adam(falling)
    optimizer.build(twin.network.trainable_variables)
    step = _step(model, twin, optimizer, push)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(rows))
        for start in range(0, len(rows), batch):
            step(tf.constant(rows[order[start : start + batch]]))
    return twin


def _step(model: QKVRecommender, twin: QKVRecommender, optimizer: Any, push: float) -> Any:
    """One step of Adam on some users, compiled once."""

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(ids: tf.Tensor) -> None:
        wanted, weights = _look(model, ids)
        with tf.GradientTape() as tape:
            given, other = _look(twin, ids)
            real = tf.cast(ids > 0, tf.float32)
            apart = tf.reduce_sum(tf.exp(wanted) * (wanted - given), -1)  # (batch, place)
            choice = tf.cast(tf.cumsum(real, 1) > 1, tf.float32) * real
            away = tf.reduce_mean(_divergence(weights, other), 1)  # over heads
            loss = tf.reduce_sum(apart * real) / tf.reduce_sum(real)
            loss -= push * tf.reduce_sum(away * choice) / tf.maximum(tf.reduce_sum(choice), 1.0)
        variables = twin.network.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    return step


def _look(model: QKVRecommender, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Log chances of all items at every place, and the weights of every place."""
    context, weights = model.network.look(ids)
    scores = tf.matmul(context, model.network.table, transpose_b=True) + model.network.bias
    return tf.nn.log_softmax(scores[:, :, 1:]), weights


def _divergence(p: tf.Tensor, q: tf.Tensor) -> tf.Tensor:
    """Jensen-Shannon over the last axis, with slopes that stay finite."""
    p, q = (tf.maximum(x, SMALLEST) for x in (p, q))
    middle = (p + q) / 2
    halves = [x * (tf.math.log(x) - tf.math.log(middle)) for x in (p, q)]
    return tf.reduce_sum(halves[0] + halves[1], -1) / 2


def _twin(
    past: NDArray[np.int32],
    scores: list[NDArray[np.float32]],
    weights: list[NDArray[np.float32]],
    k: int,
) -> Twin:
    """The figures, of two scores ``(batch, N + 1)`` and two weights ``(batch, head, key)``."""
    chances = [softmax(np.asarray(s[:, 1:], np.float64), axis=1) for s in scores]
    width, lists = min(whole("k", k), scores[0].shape[1] - 1), []
    for given in scores:
        s = np.array(given)
        s[:, 0] = -np.inf
        np.put_along_axis(s, past, -np.inf, axis=1)
        lists.append(np.argsort(-s, axis=1, kind="stable")[:, :width])
    kept = [np.isin(a, b).mean() for a, b in zip(*lists, strict=True)]
    shares = [w / w.sum(axis=-1, keepdims=True) for w in weights]
    top = [w.argmax(axis=-1) for w in weights]
    return Twin(
        np.asarray(total_variation(*chances)),
        np.asarray(jensen_shannon(*shares).mean(axis=1)),
        np.asarray(total_variation(*shares).mean(axis=1)),
        np.asarray((top[0] == top[1]).all(axis=1)),
        np.array(kept),
    )


def _not_empty(model: QKVRecommender, histories: ArrayLike) -> NDArray[np.int32]:
    past = as_history(histories, model.n_items)
    if not past.any(axis=1).all() or not len(past):
        raise ValueError("histories: expected one at least, and an item in each; received none")
    return past
