"""The equations of the book as NumPy functions; each names the numbers of its own.

These functions are the oracle: float64, one query at a time, written as the equation is written.
``attention`` holds the same formulas as Keras layers, for batches; the tests hold them equal.
A *score* says more or less and may have any sign; a *weight* is a share: not negative, and the
weights of one query add up to one.
"""

from attnrec_lite.formulas.scores import (
    additive_scores,
    bilinear_scores,
    cosine_scores,
    dot_scores,
    dot_variance,
    preference_scores,
    scaled_dot_scores,
)
from attnrec_lite.formulas.weights import (
    cosine_ceiling,
    entropy,
    masked_softmax,
    sigmoid,
    softmax,
    softmax_jacobian,
    weighted_sum,
)

__all__ = [
    "additive_scores",
    "bilinear_scores",
    "cosine_ceiling",
    "cosine_scores",
    "dot_scores",
    "dot_variance",
    "entropy",
    "masked_softmax",
    "preference_scores",
    "scaled_dot_scores",
    "sigmoid",
    "softmax",
    "softmax_jacobian",
    "weighted_sum",
]
