"""The Transformer for sequences: what goes in, and one block.

Capital letters of the equations hold one vector per row. Leading axes, such as a batch, go through
unchanged. Explained in the chapter "Sequences".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, positive, same_width
from attnrec_lite.formulas.attention import multi_head, rows
from attnrec_lite.formulas.positions import add_positions


def input_tokens(table: ArrayLike, ids: ArrayLike, positions: ArrayLike) -> Floats:
    r"""What a block reads: equation (11.1), $x_j = \sqrt d\, e_{i_j} + p_{n-j}$.

    Args:
        table: item vectors, row 0 for padding, shape ``(N + 1, d)``.
        ids: item ids, 0 for padding, oldest first, shape ``(..., n)``.
        positions: row 0 for the newest item, row 1 for the one before, shape ``(n or more, d)``.

    Returns:
        Tokens, shape ``(..., n, d)``; zeros at padding.

    Raises:
        ValueError: if an id is no row of the table, or the shapes do not fit.

    Layer: ``attention.Positions`` adds $p$; the root is one line before it.
    Source: Kang and McAuley (2018); the root of the width is in their program, not in their text.

    >>> input_tokens([[9, 9, 9, 9], [1, 0, 0, 0]], [0, 1], np.ones((2, 4)))
    array([[0., 0., 0., 0.],
           [3., 1., 1., 1.]])
    """
    e, i = as_floats("table", table, 2), np.asarray(ids)
    if i.ndim == 0 or i.dtype.kind not in "iu" or (i.size and not 0 <= i.min() <= i.max() < len(e)):
        raise ValueError(f"ids: expected integers in 0..{len(e) - 1}; received {ids!r:.60}")
    real = i > 0
    tokens = np.sqrt(e.shape[1]) * np.where(real[..., np.newaxis], e[i], 0.0)
    return add_positions(tokens, positions, real)


def layer_norm(
    tokens: ArrayLike,
    gain: ArrayLike | None = None,
    shift: ArrayLike | None = None,
    epsilon: float = 1e-6,
) -> Floats:
    r"""Each token by itself to mean 0 and variance 1, then its own scale: equation (11.2).

    $\mathrm{LN}(x) = g \circ (x - \mu) / \sqrt{\sigma^2 + \epsilon} + b$ with $\mu$ and $\sigma^2$
    over the $d$ numbers of one token, so that no token learns of another.

    Args:
        tokens: shape ``(..., d)``.
        gain: $g$, shape ``(d,)``; None for ones.
        shift: $b$, shape ``(d,)``; None for zeros.
        epsilon: keeps a token of equal numbers, such as padding, from a division by 0.

    Returns:
        The same shape. A token of equal numbers becomes ``shift``: padding is not zero any more.

    Raises:
        ValueError: if the widths differ or ``epsilon`` is not above 0.

    Layer: ``keras.layers.LayerNormalization``.
    Source: Ba, Kiros and Hinton (2016).

    >>> layer_norm([[1, 3], [0, 0]], shift=[5, 5]).round(3)
    array([[4., 6.],
           [5., 5.]])
    """
    x = as_floats("tokens", tokens)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"tokens: expected shape (..., width); received {x.shape}")
    parts = {"gain": np.ones(x.shape[-1]), "shift": np.zeros(x.shape[-1])}
    for name, given in (("gain", gain), ("shift", shift)):
        if given is not None:
            parts[name] = as_floats(name, given, 1)
            same_width("tokens", x, name, parts[name])
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    spread = np.sqrt(variance + positive("epsilon", epsilon))
    return np.asarray(parts["gain"] * centred / spread + parts["shift"])


def feed_forward(
    tokens: ArrayLike,
    inner_matrix: ArrayLike,
    outer_matrix: ArrayLike,
    inner_shift: ArrayLike = 0.0,
    outer_shift: ArrayLike = 0.0,
) -> Floats:
    r"""Two layers for each token by itself: equation (11.3), $\max(0, x W_1 + b_1) W_2 + b_2$.

    Args:
        tokens: shape ``(..., n, d)``.
        inner_matrix: $W_1$, shape ``(d, inner)``.
        outer_matrix: $W_2$, shape ``(inner, d_out)``.
        inner_shift: $b_1$, shape ``(inner,)`` or one number.
        outer_shift: $b_2$, shape ``(d_out,)`` or one number.

    Returns:
        Shape ``(..., n, d_out)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.TransformerBlock`` has it inside.
    Source: Vaswani et al. (2017), Kang and McAuley (2018).

    >>> feed_forward([[2, -1]], np.eye(2), [[1], [1]])          # the -1 is cut off
    array([[2.]])
    """
    x, w = rows("tokens", tokens), {}
    for name, matrix in (("inner_matrix", inner_matrix), ("outer_matrix", outer_matrix)):
        w[name] = as_floats(name, matrix, 2)
        width = x.shape[-1] if name == "inner_matrix" else w["inner_matrix"].shape[1]
        if len(w[name]) != width:
            raise ValueError(f"{name}: expected {width} rows; received shape {w[name].shape}")
    hidden = np.maximum(x @ w["inner_matrix"] + as_floats("inner_shift", inner_shift), 0.0)
    return np.asarray(hidden @ w["outer_matrix"] + as_floats("outer_shift", outer_shift))


def transformer_block(
    tokens: ArrayLike,
    attention_matrices: Sequence[ArrayLike],
    forward_matrices: Sequence[ArrayLike],
    visible: ArrayLike | None = None,
    heads: int = 1,
) -> tuple[Floats, Floats]:
    r"""Look around, then think, each added to what was there: equation (11.4).

    $Y = X + \mathrm{heads}(\mathrm{LN}(X))$ and $Z = Y + \mathrm{FF}(\mathrm{LN}(Y))$. The norms
    stand before the two steps and off the main road, on which a token goes through all blocks
    unchanged but for what is added.

    Args:
        tokens: $X$, shape ``(..., n, d)``.
        attention_matrices: $W_Q$, $W_K$, $W_V$, $W_O$, as for ``multi_head``.
        forward_matrices: $W_1$, $W_2$ and, if you like, $b_1$, $b_2$, as for ``feed_forward``.
        visible: True where query i may see key j, as for ``attend``.
        heads: how many attentions run side by side.

    Returns:
        $Z$, shape ``(..., n, d)``, and the weights, shape ``(..., heads, n, n)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.TransformerBlock``.
    Source: Kang and McAuley (2018), in their text; their program adds to the normalised token.

    >>> zero, one = np.zeros((2, 2)), np.eye(2)
    >>> transformer_block([[3, 1]], [one, one, one, zero], [one, zero])[0]   # nothing is added
    array([[3., 1.]])
    """
    x, (query, key, value, out) = rows("tokens", tokens), attention_matrices
    looked, weights = multi_head(layer_norm(x), query, key, value, out, heads, visible)
    y = x + looked
    inner, outer, inner_shift, outer_shift = (*forward_matrices, 0.0, 0.0)[:4]
    added = feed_forward(layer_norm(y), inner, outer, inner_shift, outer_shift)
    return np.asarray(y + added), weights
