"""Features in pairs: what two circumstances say together that neither says alone.

Every feature that is present has a weight and a vector; a pair is the product of two vectors,
element by element. Pairs stand in the order (0, 1), (0, 2), ..., (1, 2), ...: ``np.triu_indices``.
Explained in the chapter "User, item, interaction".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, same_length, same_width
from attnrec_lite.formulas.weights import softmax


def fm_score(offset: float, weights: ArrayLike, vectors: ArrayLike) -> float:
    r"""A factorisation machine: equation (10.10).

    $\hat y = w_0 + \sum_f w_f + \sum_{f < g} v_f^\top v_g$

    Args:
        offset: $w_0$.
        weights: $w_f$, of the features that are present, shape ``(m,)``.
        vectors: $v_f$, one per row, shape ``(m, d)``.

    Returns:
        A score; for clicks, log odds.

    Raises:
        ValueError: if there is not one weight per vector.

    Layer: ``models.FM``.
    Source: Rendle (2010).

    >>> fm_score(0.5, [1, 0, 0], [[1, 0], [1, 1], [0, 2]])           # 0.5 + 1 + (1 + 0 + 2)
    4.5
    """
    w, v = _features(weights, vectors)
    return float(offset + w.sum() + pair_sum(v))


def pair_sum(vectors: ArrayLike) -> float:
    r"""All pairs at the price of a single pass: equation (10.11).

    $\sum_{f < g} v_f^\top v_g
    = \tfrac12 \big(\lVert \sum_f v_f \rVert^2 - \sum_f \lVert v_f \rVert^2\big)$

    Args:
        vectors: $v_f$, one per row, shape ``(m, d)``.

    Returns:
        The sum of the products of all pairs; 0 for fewer than two vectors.

    Raises:
        ValueError: if ``vectors`` is not a matrix.

    Layer: ``models.FM``.
    Source: Rendle (2010), lemma 3.1.

    >>> pair_sum([[1, 0], [1, 1], [0, 2]])
    3.0
    """
    v = as_floats("vectors", vectors, 2)
    return float((np.sum(v.sum(axis=0) ** 2) - np.sum(v**2)) / 2)


def pair_weights(
    vectors: ArrayLike, matrix: ArrayLike, bias: ArrayLike, weights: ArrayLike
) -> Floats:
    r"""How much each pair counts: equation (10.12).

    $s_{fg} = h^\top \mathrm{relu}(W (v_f \circ v_g) + b)$, and $\alpha = \mathrm{softmax}(s)$ over
    all pairs.

    Args:
        vectors: $v_f$, one per row, shape ``(m, d)``, at least two.
        matrix: $W$, shape ``(k, d)``.
        bias: $b$, shape ``(k,)``.
        weights: $h$, shape ``(k,)``.

    Returns:
        Weights, shape ``(m (m - 1) / 2,)``, that sum to 1.

    Raises:
        ValueError: if the shapes do not fit, or there is no pair.

    Layer: ``models.AFM``.
    Source: Xiao et al. (2017); what S3-O7 needs to mean by the interaction side.

    >>> pair_weights([[1, 0], [1, 1], [0, 2]], [[1, 1]], [0], [1]).round(3)    # softmax of 1, 0, 2
    array([0.245, 0.09 , 0.665])
    """
    product = _pair_products(vectors)
    m, b, h = as_floats("matrix", matrix, 2), as_floats("bias", bias, 1), _vector(weights)
    same_width("vectors", product, "matrix", m)
    same_length("matrix", m, "bias", b)
    same_length("matrix", m, "weights", h)
    return softmax(np.maximum(product @ m.T + b, 0) @ h)


def afm_score(
    offset: float, weights: ArrayLike, vectors: ArrayLike, projection: ArrayLike, alpha: ArrayLike
) -> float:
    r"""A factorisation machine that weighs its pairs: equation (10.13).

    $\hat y = w_0 + \sum_f w_f + p^\top \sum_{f < g} \alpha_{fg}\,(v_f \circ v_g)$

    Args:
        offset: $w_0$.
        weights: $w_f$, of the features that are present, shape ``(m,)``.
        vectors: $v_f$, one per row, shape ``(m, d)``.
        projection: $p$, shape ``(d,)``.
        alpha: $\alpha_{fg}$, a weight for each pair, shape ``(m (m - 1) / 2,)``.

    Returns:
        A score; with $p$ all ones and uniform weights, the pairs count as in ``fm_score``, divided
        by how many there are.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.AFM``.
    Source: Xiao et al. (2017).

    >>> afm_score(0.5, [1, 0, 0], [[1, 0], [1, 1], [0, 2]], [1, 1], [1 / 3] * 3)    # .5 + 1 + 1
    2.5
    """
    w, v = _features(weights, vectors)
    p, a, product = (
        as_floats("projection", projection, 1),
        as_floats("alpha", alpha, 1),
        _pair_products(v),
    )
    same_width("vectors", v, "projection", p)
    if len(a) != len(product):
        raise ValueError(f"alpha: expected {len(product)}, one per pair; received {len(a)}")
    return float(offset + w.sum() + a @ product @ p)


def _features(weights: ArrayLike, vectors: ArrayLike) -> tuple[Floats, Floats]:
    w, v = _vector(weights), as_floats("vectors", vectors, 2)
    same_length("vectors", v, "weights", w)
    return w, v


def _vector(weights: ArrayLike) -> Floats:
    return as_floats("weights", weights, 1)


def _pair_products(vectors: ArrayLike) -> Floats:
    """Each pair as a vector, the product of two element by element, ``(m (m - 1) / 2, d)``."""
    v = as_floats("vectors", vectors, 2)
    if len(v) < 2:
        raise ValueError(f"vectors: expected two or more, for a pair; received shape {v.shape}")
    first, second = np.triu_indices(len(v), 1)
    return np.asarray(v[first] * v[second])
