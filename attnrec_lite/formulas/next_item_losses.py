"""What a model of the next item minimises: full and sampled softmax, binary losses.

All take the matrix of scores, one row per position that has a target, one column per item, and
give the mean loss over the rows in nats. Explained in the chapter "Sequences".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, positive, share_of_one, whole

_Ints = NDArray[np.int64]


def full_softmax_loss(scores: ArrayLike, targets: ArrayLike) -> float:
    r"""The target against all items: equation (11.5), $-\ln \mathrm{softmax}(s)_{i^+}$.

    Args:
        scores: $s$, shape ``(rows, N)``.
        targets: column of the item that came, shape ``(rows,)``.

    Returns:
        Mean over the rows; $\ln N$ if all scores are equal.

    Raises:
        ValueError: if the shapes do not fit or a target is no column.

    Layer: none; ``training.full_softmax_loss`` is a function of contexts and the item table.
    Source: Hidasi et al. (2016) and Klenitskiy and Vasilev (2023) for next items.

    >>> round(full_softmax_loss([[0, 0, 0, 0]], [2]) / float(np.log(4)), 6)
    1.0
    """
    s, own = _scores_and(targets, scores)
    return float(np.mean(_log_sum_exp(s) - np.take_along_axis(s, own, axis=1)[:, 0]))


def sampled_softmax_loss(
    scores: ArrayLike, targets: ArrayLike, drawn: ArrayLike, expected: ArrayLike
) -> float:
    r"""The target against K items drawn once for all rows: equation (11.6).

    Each score is lowered by the logarithm of how often its item is expected among the draws, since
    an item that is drawn often would be pushed down often. A draw that is the row's own target is
    left out of that row.

    Args:
        scores: shape ``(rows, N)``; only the columns of targets and draws are read.
        targets: column of the item that came, shape ``(rows,)``.
        drawn: columns of the negatives, the same for all rows, shape ``(K,)``.
        expected: $K q_i$, expected number of draws of each item, above 0, shape ``(N,)``.

    Returns:
        Mean over the rows; 0 in a row whose target is all that was drawn.

    Raises:
        ValueError: if the shapes do not fit, a column does not exist or a number is not above 0.

    Layer: none; ``training.sampled_softmax_loss`` is a function of contexts and the item table.
    Source: Bengio and Senécal (2008) for the correction, Yi et al. (2019) for recommenders.

    >>> round(sampled_softmax_loss([[1, 1, 1]], [0], drawn=[0, 2], expected=[1, 1, 1]), 4)
    0.6931
    """
    s, own = _scores_and(targets, scores)
    others, often = _columns("drawn", drawn, s, 1), as_floats("expected", expected, 1)
    if often.shape != s.shape[1:] or not (often > 0).all():
        raise ValueError(f"expected: expected {s.shape[1]} numbers above 0; received {expected!r}")
    corrected = s - np.log(often)
    positive = np.take_along_axis(corrected, own, axis=1)
    negative = np.where(others == own, -np.inf, corrected[:, others])
    return float(np.mean(_log_sum_exp(np.hstack([positive, negative])) - positive[:, 0]))


def binary_loss(scores: ArrayLike, targets: ArrayLike, drawn: ArrayLike) -> float:
    r"""Did it come, yes or no, for the target and K drawn items: equation (11.7).

    $-\frac{1}{K+1}\big(\ln\sigma(s_{i^+}) + \sum_k \ln(1 - \sigma(s_{i_k}))\big)$, with
    $\ln\sigma$ taken in one piece, so that a large score of a negative is punished and not rounded.

    Args:
        scores: shape ``(rows, N)``; only the columns of targets and draws are read.
        targets: column of the item that came, shape ``(rows,)``.
        drawn: columns of the negatives of each row, none its own target, shape ``(rows, K)``.

    Returns:
        Mean over the rows; $\ln 2$ if all scores are 0.

    Raises:
        ValueError: if the shapes do not fit, a column does not exist or a draw is the target.

    Layer: none; ``training.binary_loss`` is a function of contexts and the item table.
    Source: Kang and McAuley (2018), who take one negative and the sum in place of the mean.

    >>> round(binary_loss([[0, 0, 0]], [0], drawn=[[2]]) / float(np.log(2)), 6)
    1.0
    """
    return gbce_loss(scores, targets, drawn, power=1.0)


def gbce_loss(scores: ArrayLike, targets: ArrayLike, drawn: ArrayLike, power: float) -> float:
    r"""Binary loss that trusts a target less: equation (11.8), $\sigma^\beta$ for $\sigma$.

    $-\frac{1}{K+1}\big(\beta\ln\sigma(s_{i^+}) + \sum_k \ln(1 - \sigma(s_{i_k}))\big)$.

    Args:
        scores: as for ``binary_loss``.
        targets: as for ``binary_loss``.
        drawn: as for ``binary_loss``.
        power: $\beta$ of ``gbce_power``, in (0, 1]; 1 is the binary loss.

    Returns:
        Mean over the rows.

    Raises:
        ValueError: as for ``binary_loss``, or if ``power`` is not in (0, 1].

    Layer: none; ``training.gbce_loss`` is a function of contexts and the item table.
    Source: Petrov and Macdonald (2023).

    >>> half, whole_ = (gbce_loss([[0, 0]], [0], [[1]], power=p) for p in (0.5, 1))
    >>> round(half / whole_, 6)
    0.75
    """
    s, own = _scores_and(targets, scores)
    others = _columns("drawn", drawn, s, 2)
    if len(others) != len(s):
        raise ValueError(f"drawn: expected {len(s)} rows, as scores has; received {others.shape}")
    if (others == own).any():
        raise ValueError("drawn: expected other items than the target; received the target itself")
    beta = positive("power", share_of_one("power", power))
    came = np.take_along_axis(s, own, axis=1)[:, 0]
    missed = np.take_along_axis(s, others, axis=1)
    terms = beta * np.logaddexp(0, -came) + np.logaddexp(0, missed).sum(axis=1)
    return float(np.mean(terms / (1 + others.shape[1])))


def gbce_power(negatives: int, n_items: int, calibration: float) -> float:
    r"""The power of gBCE: equation (11.9), $\beta = \alpha\,(t(1 - 1/\alpha) + 1/\alpha)$.

    Args:
        negatives: K, how many are drawn for a target.
        n_items: N, the size of the catalogue; $\alpha = K/(N-1)$ is the chance of another item to
            be drawn.
        calibration: $t$, from 0 (the binary loss) to 1 (probabilities come out right).

    Returns:
        $\beta = 1 - t(1 - \alpha)$, from $\alpha$ to 1.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; a number that is computed once.
    Source: Petrov and Macdonald (2023).

    >>> [round(gbce_power(1, 101, t), 4) for t in (0, 0.75, 1)]
    [1.0, 0.2575, 0.01]
    """
    others = whole("n_items", n_items, least=2) - 1
    if whole("negatives", negatives) > others:
        raise ValueError(f"negatives: expected at most {others}, all others; received {negatives}")
    return 1.0 - share_of_one("calibration", calibration) * (1.0 - negatives / others)


def learned_chance(chance: ArrayLike, alpha: float, power: float) -> Floats:
    r"""What a binary loss makes of a true chance: equation (11.10).

    An item that comes with chance $p$ and is drawn with chance $\alpha$ where it does not come has
    the expected loss $-\beta p\ln\sigma - \alpha(1-p)\ln(1-\sigma)$, least at
    $\sigma = \beta p / (\beta p + \alpha(1 - p))$: too high unless $\beta = \alpha$.

    Args:
        chance: $p$, of each item to come next, in [0, 1], any shape.
        alpha: $K/(N-1)$, in (0, 1].
        power: $\beta$, in (0, 1].

    Returns:
        $\sigma(s)$ at the minimum, of the same shape.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; it says where training ends, nothing to train.
    Source: Petrov and Macdonald (2023) for the argument.

    >>> learned_chance([0.5, 0.01], alpha=0.01, power=1).round(3)
    array([0.99 , 0.503])
    """
    p = as_floats("chance", chance)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"chance: expected numbers in [0, 1]; received {chance!r:.60}")
    a, b = (positive(n, share_of_one(n, x)) for n, x in (("alpha", alpha), ("power", power)))
    return np.asarray(b * p / (b * p + a * (1 - p)))


def _scores_and(targets: ArrayLike, scores: ArrayLike) -> tuple[Floats, _Ints]:
    s = as_floats("scores", scores, 2)
    if 0 in s.shape:
        raise ValueError(f"scores: expected a row and a column or more; received {s.shape}")
    own = _columns("targets", targets, s, 1)
    if len(own) != len(s):
        raise ValueError(f"targets: expected {len(s)}, as scores has rows; received {len(own)}")
    return s, own[:, np.newaxis]


def _columns(name: str, value: ArrayLike, scores: Floats, ndim: int) -> _Ints:
    found, last = np.asarray(value), scores.shape[1] - 1
    if found.ndim != ndim or found.dtype.kind not in "iu" or 0 in found.shape:
        raise ValueError(f"{name}: expected columns, {ndim} axes; received {value!r:.60}")
    if found.min() < 0 or found.max() > last:
        raise ValueError(f"{name}: expected columns 0..{last}; received {value!r:.60}")
    return found.astype(np.int64)


def _log_sum_exp(scores: Floats) -> Floats:
    top = scores.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0])
