"""From a context to scores of candidates, and from scores to a list.

Explained in the chapter "From weights to a ranking"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite._checks import one_of, whole
from attnrec_lite.attention.weights import as_floating

READOUTS = ("dot", "network")


@keras.saving.register_keras_serializable("attnrec_lite")
class ScoringHead(keras.layers.Layer):
    """Context and candidates to preference scores: equations (2.17) and (4.1).

    The five slots: this layer is the fifth, the readout; the other four made the context.

    Args:
        kind: ``dot``, without parameters, or ``network``, one hidden layer of ReLU units on the
            context, the candidate and their product.
        units: height of the hidden layer; defaults to the width of the context.
        seed: makes the first weights reproducible.

    Raises:
        ValueError: if the kind is unknown or a number is out of range.
    """

    def __init__(
        self, kind: str = "dot", units: int | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.kind = one_of("kind", kind, READOUTS)
        self.units = None if units is None else whole("units", units)
        self.seed = seed

    def build(self, context_shape: Any, candidates_shape: Any = None) -> None:
        """Make the parameters of ``network``."""
        d = context_shape[-1]
        if candidates_shape is not None and candidates_shape[-1] != d:
            raise ValueError(
                f"candidates: expected width {d}, as context has; received {candidates_shape}"
            )
        if self.kind == "dot":
            return
        h = self.units or d
        for number, (name, shape) in enumerate(
            {"hidden_matrix": (3 * d, h), "output_weights": (h, 1)}.items()
        ):
            seed = None if self.seed is None else self.seed + number
            start = keras.initializers.GlorotUniform(seed=seed)
            setattr(self, name, self.add_weight(shape=shape, initializer=start, name=name))
        self.hidden_bias = self.add_weight(shape=(h,), initializer="zeros", name="hidden_bias")

    def call(
        self, context: tf.Tensor, candidates: tf.Tensor, bias: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Context ``(batch, d)`` and candidates to scores ``(batch, n)``.

        Candidates are ``(batch, n, d)``, or ``(n, d)`` where all rows share them; ``bias``, one
        number per candidate, is added and broadcasts against the scores.
        """
        if self.kind == "network":
            s = self._network(context, candidates)
        elif len(candidates.shape) == 2:
            s = tf.matmul(context, candidates, transpose_b=True)
        else:
            s = tf.einsum("bd,bnd->bn", context, candidates)
        return s if bias is None else s + tf.cast(bias, s.dtype)

    def _network(self, context: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        # W_h [z; e; z * e] in three parts, so that nothing has to be copied side by side.
        by_context, by_item, by_product = tf.split(self.hidden_matrix, 3)
        product = context[:, tf.newaxis, :] * candidates  # (batch, n, d), also for shared ones
        hidden = tf.tensordot(product, by_product, axes=1) + tf.tensordot(candidates, by_item, 1)
        hidden += (tf.matmul(context, by_context) + self.hidden_bias)[:, tf.newaxis, :]
        return tf.tensordot(tf.nn.relu(hidden), self.output_weights, axes=1)[..., 0]

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        own = {"kind": self.kind, "units": self.units, "seed": self.seed}
        return {**super().get_config(), **own}


def top_k(scores: Any, k: int, allowed: Any = None) -> tuple[tf.Tensor, tf.Tensor]:
    """The k best of each row that may be shown, best first: equation (4.9).

    Args:
        scores: shape ``(batch, n)``; ``-inf`` may never be shown.
        k: how many.
        allowed: boolean, True = may be shown, broadcasts against ``scores``; None = all.

    Returns:
        Places, int32, and scores, each ``(batch, k)``; of equal scores the smaller place comes
        first. Where fewer may be shown, place -1 and ``-inf``.

    Raises:
        ValueError: if ``k`` is not a whole number from 1, the scores are not ``(batch, n)``, or
            ``allowed`` is not boolean.
        tf.errors.InvalidArgumentError: if a score that counts is NaN or ``+inf``.

    >>> places, best = top_k([[0.0, 2.0, 1.0, 2.0]], 3, [[False, True, True, True]])
    >>> places.numpy(), best.numpy()
    (array([[1, 3, 2]], dtype=int32), array([[2., 2., 1.]], dtype=float32))
    """
    s = as_floating(scores)
    if len(s.shape) != 2:
        raise ValueError(f"scores: expected shape (batch, n); received {s.shape}")
    nothing = tf.constant(float("-inf"), s.dtype)
    if allowed is not None:
        allowed = tf.convert_to_tensor(allowed)
        if allowed.dtype != tf.bool:
            raise ValueError(
                f"allowed: expected booleans, True = may be shown; received {allowed.dtype.name}"
            )
        s = tf.where(allowed, s, nothing)
    good = tf.reduce_all(tf.math.is_finite(s) | (s == nothing))
    tf.debugging.assert_equal(good, True, "scores: expected numbers or -inf; received NaN or +inf")
    short = tf.maximum(whole("k", k) - tf.shape(s)[1], 0)
    s = tf.pad(s, [[0, 0], [0, short]], constant_values=nothing)
    best, places = tf.math.top_k(s, k)  # of equal scores it takes the lower index first
    return tf.where(best == nothing, -1, places), best
