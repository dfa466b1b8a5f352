"""Somebody new, something new: what can be said before there is a history.

Explained in the chapter "Cold start". None of it is attention: where nothing was taken there is
nothing to attend to. Each function takes knowledge from somewhere else: from people of the same
segment, from an item's content, from answers, from another shop, from another task.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import (
    Floats,
    as_floats,
    counts,
    finite,
    inside,
    positive,
    same_length,
    same_width,
)


def segment_shares(taken: ArrayLike, strength: float) -> Floats:
    r"""How popular each item is in each segment, small segments drawn to all: equation (15.1).

    $p_{gi} = (n_{gi} + \kappa\, p_i) / (n_g + \kappa)$, with $p_i$ the share of item i among all
    rows.

    Args:
        taken: $n_{gi}$, how often the people of segment g took item i, ``(segments, items)``.
        strength: $\kappa$, above 0: a segment of so many rows is believed by half.

    Returns:
        Shares of the same shape, each row sums to 1. A segment that nobody is in has the shares of
        all, and if nobody took anything, every item has the same.

    Raises:
        ValueError: if a count is no whole number from 0 or ``strength`` is not above 0.

    Layer: none; counted.

    Source: the mean of a multinomial under a Dirichlet prior at the overall shares (empirical
    Bayes). S0-Q4 and S2-Q4 propose popularity.

    >>> segment_shares([[4, 0], [0, 0], [0, 4]], strength=4)
    array([[0.75, 0.25],
           [0.5 , 0.5 ],
           [0.25, 0.75]])
    """
    n, kappa = counts("taken", taken, 2), positive("strength", strength)
    total = n.sum()
    overall = n.sum(axis=0) / total if total else np.full(n.shape[1], 1 / max(1, n.shape[1]))
    return np.asarray((n + kappa * overall) / (n.sum(axis=1, keepdims=True) + kappa))


def variance_reduction(answers: ArrayLike, tastes: ArrayLike) -> float:
    r"""How much surer of people's tastes an answer makes: equation (15.2).

    $\Delta = V - \sum_a \frac{n_a}{n} V_a$ with $V_a = \frac{1}{n_a} \sum_{u: a_u = a} \lVert t_u -
    \bar t_a \rVert^2$: the spread of the tastes before the answer, less the mean spread after it.

    Args:
        answers: $a$, what each person answered, any numbers, ``(n,)``; NaN, "don't know", is an
            answer, too.
        tastes: $t$, a vector for each person, ``(n, d)``.

    Returns:
        From 0, an answer that says nothing, to $V$, one that says all.

    Raises:
        ValueError: if there is nobody, or shapes do not fit.

    Layer: none; ``sklearn``'s regression trees choose their splits by it.

    Source: Golbandi, Koren and Lempel, "Adaptive Bootstrapping of Recommender Systems Using
    Decision Trees", WSDM 2011, whose split criterion it is.

    >>> variance_reduction([1, 1, 0, 0], [[1.0], [1.0], [0.0], [0.0]])
    0.25
    >>> variance_reduction([1, 0, 1, 0], [[1.0], [1.0], [0.0], [0.0]])
    0.0
    """
    t, a = finite("tastes", tastes, 2), as_floats("answers", answers, 1)
    same_length("tastes", t, "answers", a)
    _, group, size = np.unique(a, return_inverse=True, return_counts=True)
    means = np.zeros((len(size), t.shape[1]))
    np.add.at(means, group, t)
    means /= size[:, None]
    # The spread between the groups: what is left of V once the spread inside them is taken off.
    return float((size / len(t)) @ ((means - t.mean(axis=0)) ** 2).sum(axis=1))


def ridge_map(features: ArrayLike, factors: ArrayLike, penalty: float) -> Floats:
    r"""The linear map from content to learned vectors: equation (15.3).

    $W = (X^\top X + \lambda I)^{-1} X^\top Q$, where $\lVert XW - Q \rVert^2 + \lambda \lVert W
    \rVert^2$ is least. A new item's vector is $x^\top W$.

    Args:
        features: $X$, content of the items that have a vector, ``(n, f)``.
        factors: $Q$, their vectors, ``(n, d)``.
        penalty: $\lambda$, above 0, so that there is one answer even with more features than items.

    Returns:
        $W$, ``(f, d)``; zeros if there is no item.

    Raises:
        ValueError: if shapes do not fit, a number is not finite or ``penalty`` is not above 0.

    Layer: none; solved, not trained (``sklearn`` calls it ``Ridge(fit_intercept=False)``).

    Source: Hoerl and Kennard (1970); Gantner et al., "Learning Attribute-to-Feature Mappings for
    Cold-Start Recommendations", ICDM 2010.

    >>> ridge_map([[1, 0], [0, 1]], [[2.0], [4.0]], penalty=1)
    array([[1.],
           [2.]])
    """
    x = finite("features", features, 2, least=0)
    return ridge_from(x, factors, penalty, np.zeros((x.shape[1], np.shape(factors)[-1])))


def dropped_input(vectors: ArrayLike, points: ArrayLike, share: float) -> Floats:
    r"""Take the learned vector away from some items in a step of training: equation (15.4).

    $\tilde v_i = v_i\, [z_i \ge p]$ with $z_i$ uniform in [0, 1). What stays is *not* scaled up: an
    item whose vector is missing later must look like one whose vector was dropped. It is (13.7) for
    the one input that a new item lacks.

    Args:
        vectors: $v$, one a row, ``(n, d)``.
        points: $z$, ``(n,)``, in [0, 1).
        share: $p$, strictly between 0 and 1.

    Returns:
        Vectors of the same shape; dropped rows are 0.

    Raises:
        ValueError: if shapes do not fit or a number is out of range.

    Layer: ``models.ItemEncoder``, with ``dropout={"id": p}``.

    Source: Volkovs, Yu and Poutanen, "DropoutNet", NIPS 2017.

    >>> dropped_input([[1.0, 2.0], [3.0, 4.0]], [0.7, 0.2], share=0.5)
    array([[1., 2.],
           [0., 0.]])
    """
    v, z = finite("vectors", vectors, 2, least=0), finite("points", points, 1, least=0)
    same_length("vectors", v, "points", z)
    if ((z < 0) | (z >= 1)).any():
        raise ValueError("points: expected numbers in [0, 1); received others")
    return np.asarray(v * (z >= inside("share", share))[:, None])


def ridge_from(features: ArrayLike, factors: ArrayLike, penalty: float, start: ArrayLike) -> Floats:
    r"""The same, drawn to a map learned elsewhere, which is transfer: equation (15.9).

    $W = W_0 + (X^\top X + \lambda I)^{-1} X^\top (Q - X W_0)$, where $\lVert XW - Q \rVert^2 +
    \lambda \lVert W - W_0 \rVert^2$ is least. Without a row it is $W_0$, with many it forgets it.

    Args:
        features: $X$, ``(n, f)``.
        factors: $Q$, ``(n, d)``.
        penalty: $\lambda$, above 0: how dear it is to leave the start.
        start: $W_0$, ``(f, d)``.

    Returns:
        $W$, ``(f, d)``.

    Raises:
        ValueError: if shapes do not fit, a number is not finite or ``penalty`` is not above 0.

    Layer: none; solved. Fine-tuning with a penalty on the way from the pretrained weights does the
    same to a network.

    Source: Li, Grandvalet and Davoine, "Explicit Inductive Bias for Transfer Learning with
    Convolutional Networks", ICML 2018; S1-I8, S2-I5.

    >>> ridge_from([[1.0]], [[4.0]], penalty=1, start=[[2.0]])
    array([[3.]])
    >>> ridge_from(np.zeros((0, 1)), np.zeros((0, 1)), penalty=1, start=[[2.0]])
    array([[2.]])
    """
    x, q = finite("features", features, 2, least=0), finite("factors", factors, 2, least=0)
    same_length("features", x, "factors", q)
    before, shape = finite("start", start, 2, least=0), (x.shape[1], q.shape[1])
    if before.shape != shape:
        raise ValueError(f"start: expected shape {shape}; received {before.shape}")
    gram = x.T @ x + positive("penalty", penalty) * np.eye(x.shape[1])
    return np.asarray(before + np.linalg.solve(gram, x.T @ (q - x @ before)))


def two_task_loss(
    click_odds: ArrayLike,
    purchase_odds: ArrayLike,
    clicks: ArrayLike,
    purchases: ArrayLike,
    weight: float,
) -> float:
    r"""One loss for two questions, will they click and will they buy: equation (15.10).

    $L = (1 - w)\, L_\text{click} + w\, L_\text{purchase}$, each the mean log loss of the labels
    that are known.

    Args:
        click_odds: log odds of a click, ``(n,)``.
        purchase_odds: log odds of a purchase, ``(n,)``.
        clicks: 1, 0, or -1 where it is not known, ``(n,)``.
        purchases: likewise.
        weight: $w$, strictly between 0 and 1.

    Returns:
        The loss, from 0; a task without a known label adds nothing.

    Raises:
        ValueError: if shapes do not fit, a label is another number, or ``weight`` is out of range.

    Layer: ``models.TwoTasks``.

    Source: Caruana, "Multitask Learning", Machine Learning 28, 1997; S1-I4, S2-I4.

    >>> round(two_task_loss([0.0], [0.0], [1], [0], weight=0.5), 4)
    0.6931
    """
    odds = [finite("click_odds", click_odds, 1), finite("purchase_odds", purchase_odds, 1)]
    same_width("click_odds", odds[0], "purchase_odds", odds[1])
    labels = zip(("clicks", "purchases"), odds, (clicks, purchases), strict=True)
    click, purchase = (_mean_log_loss(name, z, y) for name, z, y in labels)
    w = inside("weight", weight)
    return (1 - w) * click + w * purchase


def _mean_log_loss(name: str, odds: Floats, labels: ArrayLike) -> float:
    """Mean log loss over the known labels; 0 if there is none."""
    y = finite(name, labels, 1)
    if y.shape != odds.shape:
        raise ValueError(f"{name}: expected {len(odds)} labels; received shape {y.shape}")
    if not np.isin(y, (-1, 0, 1)).all():
        raise ValueError(f"{name}: expected 1, 0 or -1 (not known); received others")
    known = y >= 0
    each = np.logaddexp(0, odds[known]) - y[known] * odds[known]
    return float(each.sum() / max(1, known.sum()))
