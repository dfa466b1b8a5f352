"""Attention by routes that do not form a number for each pair of items."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite._checks import one_of, whole
from attnrec_lite.attention import MultiHeadAttention, attend, visible

ROUTES = ("full", "window", "low_rank", "linear")
CHUNK = 64  # items whose pairs are formed in the causal linear route: a cache holds them


def linear_attend(
    queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, mask: tf.Tensor, causal: bool = False
) -> tf.Tensor:
    """Sum first, be asked later: equations (3.12) and, causal, (3.13).

    The causal form runs over chunks: inside a chunk pairs are formed, and what lies before it is a
    state of fixed size. So memory grows with the length and not with its square.

    Args:
        queries: ``(..., n, d_k)``.
        keys: the same shape.
        values: ``(..., n, d_v)``.
        mask: boolean, True = real item, broadcasts against ``(..., n)``.
        causal: True lets query i see keys up to i.

    Returns:
        Outputs ``(..., n, d_v)``, 0 where nothing real is seen.
    """
    dtype = values.dtype
    real = tf.cast(mask, tf.float32)[..., tf.newaxis]
    q, k = (tf.nn.elu(tf.cast(x, tf.float32)) + 1.0 for x in (queries, keys))
    k, v = k * real, tf.cast(values, tf.float32)
    # One more value, 1, is summed along: the weights' total, which the outputs are divided by.
    v = tf.concat([v, tf.ones_like(v[..., :1])], axis=-1)
    z = _running(q, k, v) if causal else tf.matmul(q, tf.matmul(k, v, transpose_a=True))
    return tf.cast(tf.math.divide_no_nan(z[..., :-1], z[..., -1:]), dtype)


def _running(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    """For each query the sum over keys up to it, in chunks."""
    n = tf.shape(q)[-2]
    short = (-n) % CHUNK
    q, k, v = (_chunks(x, short) for x in (q, k, v))  # (..., chunk, CHUNK, d)
    states = tf.matmul(k, v, transpose_a=True)
    before = tf.cumsum(states, axis=-3, exclusive=True)
    inside = tf.linalg.band_part(tf.matmul(q, k, transpose_b=True), -1, 0)
    z = tf.matmul(inside, v) + tf.matmul(q, before)
    shape = tf.concat([tf.shape(z)[:-3], [n + short, v.shape[-1]]], 0)
    return tf.reshape(z, shape)[..., :n, :]


def _chunks(x: tf.Tensor, short: tf.Tensor) -> tf.Tensor:
    """Cut the length, filled up with zeros at the end, into chunks."""
    lead = len(x.shape) - 2
    x = tf.pad(x, [[0, 0]] * lead + [[0, short], [0, 0]])
    return tf.reshape(x, tf.concat([tf.shape(x)[:-2], [-1, CHUNK, x.shape[-1]]], 0))


def low_rank_attend(
    queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, summaries: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Look at r mixtures of the keys: equation (3.11).

    Each mixes all keys, so it cannot be causal.

    Args:
        queries: ``(..., n, d_k)``.
        keys: ``(..., m, d_k)``.
        values: ``(..., m, d_v)``.
        summaries: ``(r, m)``, how much of each key is in each mixture.
        mask: boolean, True = real item, broadcasts against ``(..., m)``; padding is in no mixture.

    Returns:
        Outputs ``(..., n, d_v)``.
    """
    real = tf.cast(mask, keys.dtype)[..., tf.newaxis]
    mix = tf.cast(summaries, keys.dtype)
    mixed = [tf.matmul(mix, x * real) for x in (keys, values)]
    return attend(queries, *mixed)[0]


def window_attend(
    queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, window: int, mask: tf.Tensor
) -> tf.Tensor:
    """Each item looks at itself and the ``window - 1`` before it: equation (16.3).

    The length is cut into blocks of one window; a block looks at itself and at the one before it,
    twice as much as is needed, in one product.

    Args:
        queries: ``(..., n, d_k)``.
        keys: the same shape.
        values: ``(..., n, d_v)``.
        window: how far an item sees, itself included.
        mask: boolean, True = real item, ``(batch, n)``, or broadcasts against ``(..., n)``.

    Returns:
        Outputs ``(..., n, d_v)``, 0 where nothing real is seen.
    """
    n, w = tf.shape(queries)[-2], window
    short = (-n) % w
    real = tf.broadcast_to(mask, tf.shape(keys)[:-1])[..., tf.newaxis]
    q, k, v, real = (_blocks(x, w, short) for x in (queries, keys, values, real))
    k, v, real = (_with_the_block_before(x) for x in (k, v, real))
    ago = tf.range(w)[:, tf.newaxis] + w - tf.range(2 * w)
    near = (ago >= 0) & (ago < w)
    z = attend(q, k, v, near & tf.linalg.matrix_transpose(real))[0]
    shape = tf.concat([tf.shape(z)[:-3], [n + short, z.shape[-1]]], 0)
    return tf.reshape(z, shape)[..., :n, :]


def _blocks(x: tf.Tensor, size: int, short: tf.Tensor) -> tf.Tensor:
    lead = len(x.shape) - 2
    x = tf.pad(x, [[0, 0]] * lead + [[0, short], [0, 0]])
    return tf.reshape(x, tf.concat([tf.shape(x)[:-2], [-1, size, x.shape[-1]]], 0))


def _with_the_block_before(x: tf.Tensor) -> tf.Tensor:
    """Blocks ``(..., blocks, w, d)`` to ``(..., blocks, 2 w, d)``; before the first is nothing."""
    before = tf.concat([tf.zeros_like(x[..., :1, :, :]), x[..., :-1, :, :]], axis=-3)
    return tf.concat([before, x], axis=-2)


@keras.saving.register_keras_serializable("attnrec_lite")
class RoutedAttention(MultiHeadAttention):
    """Self-attention by a cheaper route, all heads at once: equations (3.11), (3.12), (3.13).

    The five slots: query, keys and values = projections of the same tokens; score and normaliser =
    those of the route: ``full``, softmax over all that may be seen; ``window``, softmax over the
    nearest, exactly what ``MultiHeadAttention(causal=True, window=...)`` gives, equation (16.3);
    ``low_rank``, softmax over ``size`` learned mixtures; ``linear``, a feature map
    and no softmax; readout = one projection of all heads. The weights have the shapes of
    ``MultiHeadAttention``, so one layer can take those of another route.

    Args:
        heads: how many attentions run side by side.
        key_dim: width of a query, a key and a value in one head.
        route: one of the four.
        size: how far an item sees in a window, itself included, or how many mixtures there are.
        length: of the longest row, for ``low_rank``, whose mixtures have a share for each place;
            shorter rows take the last places, where the newest items stand.
        causal: True lets a position see itself and what came before. A window always is causal,
            mixtures never are.
        **options: ``use_bias``, ``seed``, and what every layer takes.

    Raises:
        ValueError: if a number is not whole from 1, the route is unknown or has no causal form, or
            a row is longer than ``length``.
    """

    def __init__(
        self,
        heads: int,
        key_dim: int,
        route: str = "linear",
        size: int = 64,
        length: int = 512,
        causal: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(heads, key_dim, causal or route == "window", **options)
        self.route, self.size = one_of("route", route, ROUTES), whole("size", size)
        self.length = whole("length", length)
        if route == "low_rank" and causal:
            raise ValueError("causal: expected False for low_rank: a mixture holds the future")

    def build(self, tokens_shape: Any) -> None:
        """Make the projections and, for ``low_rank``, the mixtures."""
        super().build(tokens_shape)
        if self.route == "low_rank":
            start = keras.initializers.RandomNormal(stddev=self.length**-0.5, seed=self.seed)
            shape = (self.size, self.length)
            self.summaries = self.add_weight(shape=shape, initializer=start, name="summaries")

    def call(self, tokens: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:  # type: ignore[override]
        """``(batch, n, d)`` to outputs ``(batch, n, d)``; no weights: most routes form none.

        ``mask`` is boolean, ``(batch, n)``, True = real item.
        """
        inner = self.heads * self.key_dim
        x = self._project(tokens, 0, 3 * inner)
        q, k, v = (self._split(part) for part in tf.split(x, 3, axis=-1))
        real = tf.ones(tf.shape(tokens)[:2], tf.bool) if mask is None else mask
        z = tf.transpose(self._routed(q, k, v, real[:, tf.newaxis]), (0, 2, 1, 3))
        z = tf.reshape(z, (tf.shape(tokens)[0], tf.shape(tokens)[1], inner))
        z = tf.matmul(z, tf.cast(self.out, z.dtype))
        return z + tf.cast(self.out_bias, z.dtype) if self.use_bias else z

    def extend(self, *args: Any, **kwargs: Any) -> Any:
        """Not for routes: what they keep of the past is not a row of keys."""
        raise NotImplementedError("a route keeps no keys to extend; use MultiHeadAttention")

    def _routed(self, q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
        if self.route == "linear":
            return linear_attend(q, k, v, real, self.causal)
        if self.route == "window":
            return window_attend(q, k, v, self.size, real)
        if self.route == "full":
            return attend(q, k, v, visible(real, self.causal))[0]
        n = q.shape[-2]
        if n is None or n > self.length:
            raise ValueError(f"tokens: expected rows of at most {self.length}; received {n}")
        return low_rank_attend(q, k, v, self.summaries[:, self.length - n :], real)

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        base = super().get_config()
        base.pop("window")
        return {**base, "route": self.route, "size": self.size, "length": self.length}
