"""What a yes or no earns when the truth is known.

A label is 1 (it happened) or 0 (it did not). A share of nothing has no value: where a formula would
divide by zero, its function raises and says what is missing. Explained in the chapter "Evaluation".
"""

from __future__ import annotations

from typing import NamedTuple

from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, same_width, whole, zeros_and_ones


class Confusion(NamedTuple):
    """How often each label met each prediction."""

    tp: int
    fp: int
    fn: int
    tn: int


class Rates(NamedTuple):
    """Clicks per impression, and orders per click and per impression."""

    ctr: float
    cvr_per_click: float
    cvr_per_impression: float


def confusion(labels: ArrayLike, predicted: ArrayLike) -> Confusion:
    r"""True and false positives and negatives: the counts of equation (8.1).

    Args:
        labels: $y$, what happened, 0 and 1, shape ``(n,)``.
        predicted: $\hat y$, what was said, 0 and 1, shape ``(n,)``.

    Returns:
        ``tp`` ($y = \hat y = 1$), ``fp`` (said, did not happen), ``fn`` (happened, was not said)
        and ``tn``; their sum is n.

    Raises:
        ValueError: if there is nothing, the shapes differ, or something is not 0 or 1.

    Layer: none; it counts answers.

    Source: S2-M1 to S2-M4.

    >>> confusion([1, 1, 0, 0, 0], [1, 0, 1, 0, 0])
    Confusion(tp=1, fp=1, fn=1, tn=2)
    """
    y, said = labels_of(labels), zeros_and_ones("predicted", predicted, 1)
    same_width("labels", y, "predicted", said)
    tp, positives, claims = int(y @ said), int(y.sum()), int(said.sum())
    return Confusion(tp, claims - tp, positives - tp, len(y) - positives - claims + tp)


def accuracy(labels: ArrayLike, predicted: ArrayLike) -> float:
    r"""The share of right answers: equation (8.1), $(\mathrm{TP} + \mathrm{TN}) / n$.

    Args:
        labels: what happened, 0 and 1, shape ``(n,)``.
        predicted: what was said, 0 and 1, shape ``(n,)``.

    Returns:
        A number in [0, 1]. Where few are positive it is near 1 for whoever says "no" to all.

    Raises:
        ValueError: as ``confusion``.

    Layer: none; Keras counts the same, and nothing is learned from it.

    Source: S2-M1.

    >>> accuracy([1] + [0] * 19, [0] * 20)
    0.95
    """
    c = confusion(labels, predicted)
    return (c.tp + c.tn) / sum(c)


def precision(labels: ArrayLike, predicted: ArrayLike) -> float:
    r"""Of what was said, the share that happened: equation (8.2).

    $P = \mathrm{TP} / (\mathrm{TP} + \mathrm{FP})$

    Args:
        labels: what happened, 0 and 1, shape ``(n,)``.
        predicted: what was said, 0 and 1, shape ``(n,)``.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: as ``confusion``, and if nothing was predicted: a share of nothing.

    Layer: none; it judges answers.

    Source: S2-M3.

    >>> precision([1, 1, 0, 0], [1, 0, 1, 0])
    0.5
    """
    c = confusion(labels, predicted)
    return _share(c.tp, c.tp + c.fp, "predicted: expected a 1, or precision is a share of nothing")


def recall(labels: ArrayLike, predicted: ArrayLike) -> float:
    r"""Of what happened, the share that was said: equation (8.2).

    $R = \mathrm{TP} / (\mathrm{TP} + \mathrm{FN})$

    Args:
        labels: what happened, 0 and 1, shape ``(n,)``.
        predicted: what was said, 0 and 1, shape ``(n,)``.

    Returns:
        A number in [0, 1]: 0 for whoever says "no" to all, 1 for whoever says "yes".

    Raises:
        ValueError: as ``confusion``, and if nothing happened: a share of nothing.

    Layer: none; it judges answers.

    Source: S2-M2.

    >>> recall([1, 1, 0, 0], [1, 0, 1, 0])
    0.5
    """
    c = confusion(labels, predicted)
    return _share(c.tp, c.tp + c.fn, "labels: expected a 1, or recall is a share of nothing")


def f1_score(labels: ArrayLike, predicted: ArrayLike) -> float:
    r"""Harmonic mean of precision P and recall R: equation (8.2), $F_1 = 2 P R / (P + R)$.

    Args:
        labels: what happened, 0 and 1, shape ``(n,)``.
        predicted: what was said, 0 and 1, shape ``(n,)``.

    Returns:
        $2\,\mathrm{TP} / (2\,\mathrm{TP} + \mathrm{FP} + \mathrm{FN})$, the same number, which is 0
        where every answer "yes" is wrong.

    Raises:
        ValueError: as ``confusion``, and if nothing happened and nothing was predicted.

    Layer: none; it judges answers.

    Source: S2-M4.

    >>> f1_score([1, 1, 0, 0], [1, 0, 1, 1])
    0.4
    """
    c = confusion(labels, predicted)
    cause = "labels, predicted: expected a 1 among them, or F1 is a share of nothing"
    return _share(2 * c.tp, 2 * c.tp + c.fp + c.fn, cause)


def rates(impressions: int, clicks: int, orders: int) -> Rates:
    r"""Click-through and conversion rate: equation (8.3).

    Args:
        impressions: how often something was shown.
        clicks: how often it was clicked, at most as often.
        orders: how often it was ordered after a click, at most as often.

    Returns:
        ``ctr`` (clicks per impression) and the two rates that are both called conversion:
        ``cvr_per_click`` and ``cvr_per_impression``, which is ``ctr`` times the former. Without a
        click ``cvr_per_click`` is NaN: a share of nothing.

    Raises:
        ValueError: if a count is not whole or exceeds the one before, or nothing was shown.

    Layer: none; it divides counts.

    Source: S0-M1 and S0-M3, which leave out the denominator; S0-M2, which is no rate.

    >>> rates(impressions=1000, clicks=50, orders=5)
    Rates(ctr=0.05, cvr_per_click=0.1, cvr_per_impression=0.005)
    """
    shown = whole("impressions", impressions)
    clicked, ordered = whole("clicks", clicks, least=0), whole("orders", orders, least=0)
    for name, part, total in (("clicks", clicked, shown), ("orders", ordered, clicked)):
        if part > total:
            raise ValueError(f"{name}: expected at most {total:,}; received {part:,}")
    per_click = ordered / clicked if clicked else float("nan")
    return Rates(clicked / shown, per_click, ordered / shown)


def labels_of(labels: ArrayLike) -> Floats:
    """Return labels after checking that there is one at least and that each is 0 or 1."""
    y = zeros_and_ones("labels", labels, 1)
    if len(y) == 0:
        raise ValueError("labels: expected at least one; received none")
    return y


def _share(part: int, total: int, cause: str) -> float:
    if total == 0:
        raise ValueError(f"{cause}; received none")
    return part / total
