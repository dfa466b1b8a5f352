"""What a customer of the made-up shop will buy next, as chances: the truth that no model is told.

The shop's rule is known, so the best possible ranking is known too. A model that earns what these
chances earn has learned all there is; nobody can do better on purpose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_history, share_of_one
from attnrec_lite.data._codes import check_ids
from attnrec_lite.data.shop import Shop


def next_chances(
    shop: Shop,
    history: ArrayLike,
    users: ArrayLike,
    *,
    stay: float | None = None,
    chain: float | None = None,
) -> Floats:
    """Chance of each good to be a customer's next purchase, by the rule that made the shop.

    Args:
        shop: with the interests and habits of its customers.
        history: what each has bought so far, ids ``(batch, length)``, left-padded.
        users: who they are, codes, shape ``(batch,)``.
        stay: another chance than the shop's, to ask what if.
        chain: likewise.

    Returns:
        Chances, float64, shape ``(batch, N + 1)``; column 0 is 0, each row sums to 1, or to 0 for
        a customer who has everything of every interest.

    Raises:
        ValueError: if shapes do not fit, a code is unknown, or a chance is not in [0, 1].

    >>> from attnrec_lite.data import make_shop
    >>> shop = make_shop(n_users=10)
    >>> kettle, teapot = map(shop.log.items.id_of, ["kettle", "teapot"])
    >>> bool(next_chances(shop, [[kettle]], [shop.names["Mia"]])[0, teapot] > 0.5)
    True
    """
    past = as_history(history, len(shop.category) - 1)
    who = check_ids("users", np.asarray(users), len(shop.shares) - 1)
    if who.shape != past.shape[:1]:
        raise ValueError(f"users: expected {len(past)}, one per history; received {who.shape}")
    stay = share_of_one("stay", shop.stay if stay is None else stay)
    chain = share_of_one("chain", shop.chain if chain is None else chain)
    rows = [
        _next(shop, row[row > 0], shop.shares[user], stay, chain)
        for row, user in zip(past, who, strict=True)
    ]
    return np.stack(rows) if rows else np.zeros((0, len(shop.category)))


def _next(
    shop: Shop, bought: NDArray[np.int32], shares: Floats, stay: float, chain: float
) -> Floats:
    """Chances of one customer: first the interest, then the good."""
    kinds, left = len(shares), np.ones(len(shop.category), bool)
    left[0], left[bought] = False, False
    stock = np.bincount(shop.category[left], minlength=kinds)
    interest = np.where(stock > 0, shares, 0.0)
    chances = np.zeros(len(shop.category))
    if interest.sum() == 0:
        return chances
    interest = interest / interest.sum()
    before = shop.category[bought[-1]] if len(bought) else -1
    if before >= 0 and interest[before] > 0:
        interest = (1 - stay) * interest
        interest[before] += stay
    for kind in np.flatnonzero(interest):
        by_popularity = np.where(left & (shop.category == kind), shop.popularity, 0.0)
        good = by_popularity / by_popularity.sum()
        same = bought[shop.category[bought] == kind]
        follows = int(shop.companion[same[-1]]) if len(same) else 0
        if left[follows]:  # padding is never left: nothing bought here, nothing follows
            good = (1 - chain) * good
            good[follows] += chain
        chances += interest[kind] * good
    return chances
