"""What another route to attention costs, from which length it pays, and what moving bytes costs.

Explained in the chapter "Efficiency and scale"; equation (3.9) counts what a whole layer computes.
"""

from __future__ import annotations

from attnrec_lite._checks import one_of, whole

ROUTES = ("full", "causal", "window", "low_rank", "linear")
MULTIPLY_ADD = {"float32": 4.6, "float16": 1.5, "int8": 0.23}  # picojoules, at 45 nm
BYTE_FROM_MEMORY = 160.0  # picojoules: 640 for a word of 32 bits


def attention_cost(
    length: int, width: int, route: str = "full", size: int = 64, heads: int = 1
) -> dict[str, int]:
    r"""Scores and sums of self-attention by five routes: equation (16.1).

    Multiply-adds, of $n$ items with width $d$ in $h$ heads; the projections cost $4nd^2$ more on
    each route:

    - ``full``: $2 n^2 d$;
    - ``causal``, if nothing above the diagonal is computed: $n (n + 1) d$;
    - ``window`` of $w$ items: $2 p d$ with $p = n w - w (w - 1) / 2$ pairs, for $n \ge w$;
    - ``low_rank``, with $r$ summaries: $4 n r d$, half of it to make the summaries;
    - ``linear``: $2 n d^2 / h + n d$.

    Args:
        length: $n$.
        width: $d$ of all heads together, a multiple of ``heads``.
        route: one of the five.
        size: $w$ of a window or $r$ of the summaries; the other routes have none.
        heads: $h$.

    Returns:
        ``multiply_adds``, and ``stored``: how many numbers have to stand in memory at once besides
        queries, keys, values and outputs, if a route is computed as it is written.

    Raises:
        ValueError: if a number is not whole from 1, the heads cannot share the width, or the route
            is unknown.

    Layer: none; it counts operations, nothing to train.
    Source: S0-K2, S2-I1 (which takes scores for parameters); Katharopoulos et al. (2020) and Wang
    et al. (2020) for two of the routes.

    >>> {r: attention_cost(512, 64, r, 32)["multiply_adds"] for r in ("full", "window", "linear")}
    {'full': 33554432, 'window': 2033664, 'linear': 4227072}
    """
    n, d, h = whole("length", length), whole("width", width), whole("heads", heads)
    one_of("route", route, ROUTES)
    if d % h:
        raise ValueError(f"width: expected a multiple of heads={heads}; received {width}")
    if route == "linear":
        return {"multiply_adds": 2 * n * d**2 // h + n * d, "stored": d**2 // h + d}
    if route == "low_rank":
        r = whole("size", size)
        return {"multiply_adds": 4 * n * r * d, "stored": h * n * r + 2 * r * d}
    seen = n if route == "causal" else min(whole("size", size), n)
    pairs = n * n if route == "full" else n * seen - seen * (seen - 1) // 2
    return {"multiply_adds": 2 * pairs * d, "stored": h * pairs}


def cheaper_from(route: str, width: int, size: int = 64, heads: int = 1) -> int:
    r"""The first length at which a route computes less: equation (16.2).

    ``linear`` beats ``full`` for $n > d / h$, ``low_rank`` for $n > 2 r$; ``window`` beats
    ``causal`` for $n > w$. This counts multiply-adds alone. A program also starts kernels and moves
    bytes, so that the length at which it gets *faster* is larger; that one is measured.

    Args:
        route: ``linear``, ``low_rank`` or ``window``.
        width: $d$.
        size: $r$ or $w$.
        heads: $h$.

    Returns:
        The smallest such length.

    Raises:
        ValueError: as for ``attention_cost``, and for a route that has no crossing.

    Layer: none; it counts operations, nothing to train.
    Source: ours, from the counts of ``attention_cost``.

    >>> [cheaper_from(r, width=64, size=32) for r in ("linear", "low_rank", "window")]
    [65, 65, 33]
    """
    one_of("route", route, ("linear", "low_rank", "window"))
    attention_cost(1, width, route, size, heads)  # checks the numbers
    if route == "linear":
        return width // heads + 1  # 2 n d^2 / h + n d < 2 n^2 d, for whole n
    return (2 if route == "low_rank" else 1) * size + 1


def factor_parameters(rows: int, columns: int, rank: int) -> dict[str, int]:
    r"""What two narrow matrices hold in place of one: equation (16.9).

    $W \approx U V$ with $U$ of $m \times r$ and $V$ of $r \times n$ holds $r (m + n)$ numbers in
    place of $m n$, and a row times both costs as many multiply-adds. It pays for
    $r < m n / (m + n)$: for a square matrix, half the width.

    Args:
        rows: $m$.
        columns: $n$.
        rank: $r$.

    Returns:
        ``whole``, ``factors`` and ``pays_below``, the first rank that no longer saves anything.

    Raises:
        ValueError: if a number is not whole from 1.

    Layer: none; it counts numbers. ``truncated_svd`` finds the best factors, equation (6.12).
    Source: S1-I18 (512 by 512 at rank 32), which is right.

    >>> factor_parameters(512, 512, 32)
    {'whole': 262144, 'factors': 32768, 'pays_below': 256}
    """
    m, n, r = whole("rows", rows), whole("columns", columns), whole("rank", rank)
    return {"whole": m * n, "factors": r * (m + n), "pays_below": -(-m * n // (m + n))}


def energy_like_cost(multiply_adds: int, bytes_moved: int, number: str = "float32") -> float:
    r"""A price for computing and for moving: equation (16.17).

    $E = c_{\text{number}}\, M + c_{\text{byte}}\, B$ in microjoules for $M$ multiply-adds and $B$
    bytes fetched from main memory, with prices that were published for one process of 45 nm: 4.6
    picojoules for a multiply-add in float32, 1.5 in float16, 0.23 in int8, and 160 for a byte. Good
    for one thing: a multiply-add is cheap against fetching its operand. It is no measurement: no
    cache, no idle machine, no network, no chip of today.

    Args:
        multiply_adds: $M$.
        bytes_moved: $B$.
        number: what is multiplied: ``float32``, ``float16`` or ``int8``.

    Returns:
        Microjoules.

    Raises:
        ValueError: if a count is not whole from 0 or the type is unknown.

    Layer: none; it adds up prices, nothing to train.
    Source: Horowitz (2014) for arithmetic, Han et al. (2016) for a word of memory.

    >>> round(energy_like_cost(24_000 * 64, 4 * 24_000 * 64), 1)     # scoring 24,000 items
    990.1
    """
    price = MULTIPLY_ADD[one_of("number", number, tuple(MULTIPLY_ADD))]
    m, b = whole("multiply_adds", multiply_adds, 0), whole("bytes_moved", bytes_moved, 0)
    return 1e-6 * (price * m + BYTE_FROM_MEMORY * b)
