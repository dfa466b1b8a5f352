"""What grows how: from measured slopes to a billion users on paper.

Explained in the chapter "Efficiency and scale".
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_floats, positive, same_length, whole

NUMBER = 4  # bytes of a float32, and of an item id
EVENT = 24  # bytes of an event: user, item and time
COPIES = 3  # of every trained number: itself and Adam's two means


def growth_exponent(sizes: ArrayLike, costs: ArrayLike) -> float:
    r"""How a cost grows with a size: equation (16.18), the slope $p$ of $\log c = p \log s + q$.

    1 is in proportion, 2 with the square, 0 not at all. A fixed part of the cost, such as starting
    up, pulls it down, so it is a lower bound of what comes at larger sizes.

    Args:
        sizes: at least two different ones above 0, shape ``(n,)``.
        costs: measured at each, above 0, shape ``(n,)``.

    Returns:
        The slope of the straight line through the logarithms with the least squares.

    Raises:
        ValueError: if the lengths differ, a number is not above 0, or all sizes are the same.

    Layer: none; it fits two numbers.
    Source: ours.

    >>> growth_exponent([10, 100, 1000], [3, 300, 30_000])
    2.0
    """
    s, c = as_floats("sizes", sizes, 1), as_floats("costs", costs, 1)
    same_length("sizes", s, "costs", c)
    for name, values in (("sizes", s), ("costs", c)):
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise ValueError(f"{name}: expected finite numbers above 0; received {values}")
    if len(np.unique(s)) < 2:
        raise ValueError(f"sizes: expected at least two different ones; received {s}")
    x, y = np.log(s) - np.log(s).mean(), np.log(c)
    return round(float(x @ y / (x @ x)), 12)


def bytes_held(
    users: int, items: int, events: int, length: int, width: int, blocks: int = 2
) -> dict[str, int]:
    r"""What has to be kept: equation (16.19), $4 N d$ for the item vectors, and what stands beside.

    Args:
        users: $U$.
        items: $N$.
        events: $E$, in the log.
        length: $L$, newest items kept of each user.
        width: $d$.
        blocks: $b$, of attention.

    Returns:
        Bytes of the ``log`` ($24 E$), the ``histories`` to serve from ($4 U L$), the ``table`` of
        item vectors ($4 N d$), the table in ``training`` with Adam's two means ($12 N d$), and the
        ``caches`` of keys and values, were they kept for every user ($8 U b L d$).

    Raises:
        ValueError: if a number is no whole number from 1.

    Layer: none; it counts bytes.
    Source: ours; the sizes are those of ``Interactions`` and ``SASRec``.

    >>> held = bytes_held(10**9, 10**8, 5 * 10**10, 50, 64)
    >>> {name: f"{size / 1e9:,.1f} GB" for name, size in held.items()}["table"]
    '25.6 GB'
    """
    U, N, E = whole("users", users), whole("items", items), whole("events", events)
    L, d, b = whole("length", length), whole("width", width), whole("blocks", blocks)
    return {
        "log": EVENT * E,
        "histories": NUMBER * U * L,
        "table": NUMBER * N * d,
        "training": COPIES * NUMBER * N * d,
        "caches": 2 * NUMBER * U * b * L * d,
    }


def operations_needed(
    users: int, items: int, events: int, length: int, width: int, negatives: int, blocks: int = 2
) -> dict[str, int]:
    r"""What has to be computed: equation (16.20), $2 N d$ for one exact list, and the rest.

    A product of matrices counts an addition and a multiplication; training does it three times,
    once forward and twice backward.

    Args:
        users: $U$.
        items: $N$.
        events: $E$, trained on in one pass.
        length: $L$, of the window.
        width: $d$; the small network of a block is as wide.
        negatives: $n$, that a target competes with.
        blocks: $b$, of attention.

    Returns:
        Operations of reading one history (``read``, $2 L b (6 d^2 + 2 L d)$), ranking all items for
        it exactly (``rank``, $2 N d$), both for every user (``everyone``), and one pass of
        training with drawn negatives (``sampled``, $6 E (b (6 d^2 + 2 L d) + n d)$) or with all
        items (``full``, $N$ in the place of $n$).

    Raises:
        ValueError: if a number is no whole number from 1.

    Layer: none; it counts operations.
    Source: ours; ``command.plan.operations`` has been compared with the clock.

    >>> needed = operations_needed(10**9, 10**8, 5 * 10**10, 50, 64, 512)
    >>> round(needed["full"] / needed["sampled"])
    67568
    """
    U, N, E = whole("users", users), whole("items", items), whole("events", events)
    L, d, b = whole("length", length), whole("width", width), whole("blocks", blocks)
    n = whole("negatives", negatives)
    token = b * (6 * d**2 + 2 * L * d)  # multiply-adds
    read, rank = 2 * L * token, 2 * N * d
    return {
        "read": read,
        "rank": rank,
        "everyone": U * (read + rank),
        "sampled": 6 * E * (token + n * d),
        "full": 6 * E * (token + N * d),
    }


def machines_needed(needs: Mapping[str, float], one: float) -> dict[str, int]:
    r"""How many machines each need fills: equation (16.19), $\lceil$ need / one $\rceil$.

    The largest breaks first. It is a lower bound: what machines say to one another costs, too.

    Args:
        needs: bytes, or operations, by name.
        one: what one machine holds, or computes in the time there is.

    Returns:
        The number of machines by name, the largest first.

    Raises:
        ValueError: if a number is not above 0.

    Layer: none; it divides.
    Source: ours.

    >>> machines_needed({"log": 1.2e12, "table": 25.6e9}, 64e9)
    {'log': 19, 'table': 1}
    >>> machines_needed({"a pass": 2 * 10**21}, 10**18)
    {'a pass': 2000}
    """
    have = positive("one", one)
    found = {name: int(np.ceil(positive(name, need) / have)) for name, need in needs.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))
