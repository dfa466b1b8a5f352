"""Made-up raters: what they write and what it does.

Explained in the chapter "Robustness and fairness"; how they are found: ``outliers``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_ids, finite, one_of, whole

ATTACKS = ("random", "average", "bandwagon")


def attack_profile(
    kind: str,
    means: ArrayLike,
    target: int,
    filler: ArrayLike,
    popular: ArrayLike = (),
    spread: float = 1.0,
    scale: tuple[float, float, float] = (0.5, 5.0, 0.5),
    seed: int = 0,
) -> Floats:
    r"""What one made-up rater writes to push an item: equation (19.9).

    The target gets the highest rating; the filler, which makes the profile look like a person's,
    $\mathcal N(\mu_i, \sigma)$ rounded to the scale. ``random``: $\mu_i$ is the mean over all
    items; ``average``: the mean of each item, which the attacker must know; ``bandwagon``: as
    random, and the best-known items get the highest rating, too.

    Args:
        kind: ``"random"``, ``"average"`` or ``"bandwagon"``.
        means: mean rating of each item, shape ``(N,)``.
        target: the item to be pushed, 0..N-1.
        filler: the other items that are rated, numbers 0..N-1.
        popular: for ``"bandwagon"``, items that everybody knows.
        spread: $\sigma$, in the unit of the ratings.
        scale: lowest rating, highest rating, step.
        seed: of the draws.

    Returns:
        Ratings, shape ``(N,)``, NaN where the rater rates nothing.

    Raises:
        ValueError: if the kind is another word, an item is unknown, or a number is not finite.

    Layer: none; ``robustness.shill`` adds such raters to a log.

    Source: Lam and Riedl (WWW 2004) for random and average; Burke, Mobasher and Bhaumik (2005) for
        bandwagon. S0-K3 speaks of attacks and names none.

    >>> attack_profile("average", [2.0, 4.0, 3.0], target=2, filler=[0], spread=0.0)
    array([ 2., nan,  5.])
    """
    mu, (low, high, step) = finite("means", means, 1), scale
    one_of("kind", kind, ATTACKS)
    if float(finite("spread", spread, 0)) < 0:
        raise ValueError(f"spread: expected a number from 0; received {spread}")
    known = {"target": [target], "filler": filler, "popular": popular}
    rows = {name: _places(name, items, len(mu)) for name, items in known.items()}
    drawn = np.random.default_rng(seed).normal(size=len(mu)) * spread
    aim = mu if kind == "average" else np.full(len(mu), mu.mean())
    written = np.clip(low + step * np.rint((aim + drawn - low) / step), low, high)
    profile = np.full(len(mu), np.nan)
    profile[rows["filler"]] = written[rows["filler"]]
    if kind == "bandwagon":
        profile[rows["popular"]] = high
    profile[target] = high
    return profile


def prediction_shift(before: ArrayLike, after: ArrayLike) -> float:
    r"""What an attack changes: equation (19.10), mean of $\hat r'_u - \hat r_u$ over honest users.

    Args:
        before: predictions for the target without the attack, shape ``(users,)``.
        after: with it, for the same users.

    Returns:
        The mean change in the unit of the ratings; above 0 where the target was pushed.

    Raises:
        ValueError: if the shapes differ, nobody is there, or a number is not finite.

    Layer: none; a measure.

    Source: Lam and Riedl (WWW 2004).

    >>> prediction_shift([3.0, 4.0], [4.0, 4.5])
    0.75
    """
    a, b = finite("before", before, 1), finite("after", after, 1)
    if a.shape != b.shape:
        raise ValueError(f"after: expected shape {a.shape}, as before has; received {b.shape}")
    return float((b - a).mean())


def target_hits(lists: ArrayLike, target: int, n_items: int) -> float:
    r"""Share of the lists that show the target: equation (19.10).

    Args:
        lists: item ids, one list per honest user, ``(users, k)``; 0 for an empty place.
        target: the item, 1..N.
        n_items: N.

    Returns:
        A number in [0, 1]. A push that moves predictions and no list has sold nothing.

    Raises:
        ValueError: if an id is unknown or there is no list.

    Layer: none; a measure.

    Source: the hit ratio of Mobasher, Burke, Bhaumik and Williams (ACM TOIT 2007).

    >>> target_hits([[3, 1], [2, 1]], target=3, n_items=5)
    0.5
    """
    ids = as_ids("lists", lists, whole("n_items", n_items))
    if len(ids) == 0:
        raise ValueError("lists: expected at least one; received none")
    wanted = as_ids("target", [[target]], n_items, least=1)[0, 0]
    return float((ids == wanted).any(axis=1).mean())


def _places(name: str, items: ArrayLike, n: int) -> NDArray[np.int64]:
    found = np.asarray(items)
    if found.size and (found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= n):
        raise ValueError(f"{name}: expected items in 0..{n - 1}; received {items!r:.60}")
    return found.astype(np.int64)
