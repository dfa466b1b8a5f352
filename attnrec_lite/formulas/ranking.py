"""From scores to a list: what may be multiplied, what comes first, what a tie counts.

Explained in the chapter "From weights to a ranking".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, whole
from attnrec_lite.formulas.weights import softmax


def product_scores(model_scores: ArrayLike, attention_scores: ArrayLike) -> Floats:
    r"""A model's score times an attention weight: equations (4.6) and (4.7).

    $r_c = M_c\,\alpha_c = M_c\,e^{s_c} / Z$ with $\alpha = \mathrm{softmax}(s)$ over the candidates

    Args:
        model_scores: $M$, one number per candidate, shape ``(n,)``.
        attention_scores: $s$, shape ``(n,)``.

    Returns:
        The products, shape ``(n,)``. $Z > 0$ is common to all of them, so the order of two does
        not depend on a third; their size does. A larger weight lowers a negative score.

    Raises:
        ValueError: if there is not one number per candidate, or a number is not finite.

    Layer: none; a ranking by it is not one that we would train.

    Source: S1-F2, S1-F5, S1-A4; S1-F8 would make each $M_c$ a vector.

    >>> product_scores([0.2, 0.5, 0.9], [2.0, 1.5, 0.6]).round(3)
    array([0.108, 0.164, 0.12 ])
    """
    m = as_floats("model_scores", model_scores, 1)
    s = as_floats("attention_scores", attention_scores, 1)
    if len(m) != len(s):
        raise ValueError(f"attention_scores: expected {len(m)}, as model_scores; received {len(s)}")
    for name, numbers in (("model_scores", m), ("attention_scores", s)):
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name}: expected finite numbers; received NaN or inf")
    return m * softmax(s)


def self_product(score: ArrayLike) -> tuple[Floats, Floats]:
    r"""A score times the exponential of itself, and its slope: equation (4.8).

    $f(x) = x e^x$ and $f'(x) = (1 + x) e^x$

    Args:
        score: any shape.

    Returns:
        Value and slope. The slope is negative below $x = -1$: there the larger score gets the
        smaller product, so a ranking by ``score * softmax(score)`` is turned over.

    Raises:
        ValueError: if a score is not finite, or so large (about 700) that the product is not.

    Layer: none; it shows an error.

    Source: S1-F2 where model and attention share one score.

    >>> value, slope = self_product([-5.0, -1.0, 2.0])
    >>> value.round(3), slope.round(3)
    (array([-0.034, -0.368, 14.778]), array([-0.027,  0.   , 22.167]))
    """
    x = as_floats("score", score)
    with np.errstate(over="ignore"):
        e = np.exp(x)
        value, slope = x * e, (1 + x) * e
    if not (np.isfinite(x).all() and np.isfinite(value).all() and np.isfinite(slope).all()):
        raise ValueError("score: expected finite numbers up to about 700; received others")
    return value, slope


def top_k(scores: ArrayLike, k: int, allowed: ArrayLike | None = None) -> NDArray[np.int64]:
    r"""The k best that may be shown, best first: equation (4.9).

    Args:
        scores: one per candidate, shape ``(n,)``; ``-inf`` may never be shown.
        k: how many.
        allowed: True = may be shown, shape ``(n,)``; None = all. What stands elsewhere is not
            looked at, not even if NaN: padding, and what was bought already.

    Returns:
        Places in ``scores``, best first; of equal scores the smaller place. Shorter than ``k``
        where fewer may be shown, and empty where nothing may.

    Raises:
        ValueError: if ``k`` is not a whole number from 1, ``allowed`` is not boolean or does not
            fit, or a score that counts is NaN or ``+inf``.

    Layer: ``attention.top_k`` for a batch; ``Recommender.recommend`` keeps the same rules.

    Source: the step that S0-F3 and S3-A3 leave out, with what S1-A5 forgets.

    >>> top_k([0.0, 2.0, 1.0, 2.0], k=3, allowed=[False, True, True, True])
    array([1, 3, 2])
    """
    s = as_floats("scores", scores, 1)
    may = np.ones(s.shape, bool) if allowed is None else np.asarray(allowed)
    if may.dtype != bool:
        raise ValueError(f"allowed: expected booleans, True = may be shown; received {may.dtype}")
    if may.shape != s.shape:
        raise ValueError(f"allowed: expected shape {s.shape}, as scores; received {may.shape}")
    if np.isnan(s[may]).any() or np.isposinf(s[may]).any():
        raise ValueError("scores: expected numbers or -inf; received NaN or +inf")
    places = np.flatnonzero(may & (s > -np.inf))
    order = np.argsort(-s[places], kind="stable")  # stable: equal scores keep the order of places
    return places[order][: whole("k", k)].astype(np.int64)


def expected_place(scores: ArrayLike, target: int) -> float:
    r"""Where a candidate stands, 1 for the first, when a tie is cut by chance: equation (4.10).

    Args:
        scores: one per candidate, shape ``(n,)``; ``-inf`` takes no part.
        target: the place of the candidate in ``scores``.

    Returns:
        1 + how many score higher + half of how many others score the same.

    Raises:
        ValueError: if a score is NaN or ``+inf``, or there is no such candidate.

    Layer: none; ``evaluation.places`` counts the same two numbers for a batch.

    Source: ours; the sources rank without a word on ties.

    >>> expected_place([3.0, 1.0, 1.0, 1.0], target=2)
    3.0
    """
    s = as_floats("scores", scores, 1)
    if np.isnan(s).any() or np.isposinf(s).any():
        raise ValueError("scores: expected numbers or -inf; received NaN or +inf")
    c = whole("target", target, least=0)
    if c >= len(s) or np.isneginf(s[c]):
        raise ValueError(f"target: expected a candidate among {len(s)} scores; received {c}")
    higher, same = (s > s[c]).sum(), (s == s[c]).sum() - 1
    return float(1 + higher + same / 2)
