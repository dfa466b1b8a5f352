"""Checkers for the exercises of the chapter "Efficiency and scale"."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]
WIDTH = 4

# 16.1 overlap(exact, fast, k) ---------------------------------------------------------------------


def _overlap(exact: Array, fast: Array, k: int) -> float:
    """The share, row by row."""
    found = []
    for one, other in zip(exact[:, 1:], fast[:, 1:], strict=True):
        best, quick = (set(np.argsort(-s, kind="stable")[:k].tolist()) for s in (one, other))
        found.append(len(best & quick) / k)
    return float(np.mean(found))


def _overlap_as(answer: Answer, exact: Array, fast: Array, k: int, given: str, tip: str) -> None:
    found = array(answer(exact.copy(), fast.copy(), k), (), given)
    near(found, _overlap(exact, fast, k), given, tip)


def _overlap_noise(answer: Answer, rng: Generator) -> None:
    exact = rng.normal(size=(30, 41))
    exact[:, 0] = -9
    fast = exact + 0.2 * rng.normal(size=exact.shape)
    fast[:, 0] = -9
    _overlap_as(
        answer,
        exact,
        fast,
        10,
        "scores with some noise, k = 10",
        "for each user the number of items that both lists hold, divided by k; then the mean",
    )


def _overlap_places(answer: Answer, rng: Generator) -> None:
    exact = np.tile(np.arange(13.0), (4, 1)) + rng.normal()
    fast = exact.copy()
    fast[:, -3:] = exact[:, -1:-4:-1]
    _overlap_as(
        answer,
        exact,
        fast,
        3,
        "the same three items in another order",
        "lists are compared as sets here: np.isin or a set, not ==",
    )


def _overlap_padding(answer: Answer, rng: Generator) -> None:
    exact, fast = rng.normal(size=(2, 20, 15))
    exact[:, 0], fast[:, 0] = 99, 99
    _overlap_as(
        answer,
        exact,
        fast,
        5,
        "scores with 99 in column 0",
        "column 0 is padding and can be on no list: leave it out of both",
    )


def _overlap_one_sided(answer: Answer, rng: Generator) -> None:
    exact = rng.normal(size=(6, 31))
    exact[:, 0] = -9
    fast = -exact
    fast[:, 0] = -9
    _overlap_as(
        answer,
        exact,
        fast,
        4,
        "fast scores that turn the order around",
        "the largest scores are the best, in both",
    )


# 16.2 eight_bits(table) ---------------------------------------------------------------------------


def _bits_of(answer: Answer, table: Array, given: str) -> tuple[NDArray[Any], Array]:
    found = answer(table.copy())
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(
            f"{given}: expected codes and scales; received {type(found).__name__}",
            "two arrays: return codes, scales",
        )
    codes = np.asarray(found[0])
    if codes.dtype != np.int8:
        raise Wrong(
            f"{given}: expected codes as int8; received {codes.dtype}",
            "round first, then .astype(np.int8): a byte each is what it is about",
        )
    array(codes, table.shape, given)
    return codes, array(found[1], (len(table), 1), given)


def _bits_near(answer: Answer, rng: Generator) -> None:
    table = rng.normal(size=(12, 8)) * rng.lognormal(0, 1, size=(12, 1))
    given = "rows of different lengths"
    codes, scales = _bits_of(answer, table, given)
    off = np.abs(codes * scales - table)
    if (off > scales * 0.5000001).any():
        row, column = np.unravel_index((off / np.maximum(scales, 1e-300)).argmax(), off.shape)
        raise Wrong(
            f"{given}: row {row} holds {table[row, column]:.4f} and comes back as "
            f"{codes[row, column] * scales[row, 0]:.4f}, further off than half a step",
            "np.rint rounds to the nearest; astype alone cuts off",
        )


def _bits_used(answer: Answer, rng: Generator) -> None:
    table = rng.normal(size=(12, 8)) * rng.lognormal(0, 2, size=(12, 1))
    codes, scales = _bits_of(answer, table, "rows of different lengths")
    near(
        scales[:, 0],
        np.abs(table).max(axis=1) / 127,
        "rows of different lengths: scales",
        "the largest size of a row is 127 steps; a scale for each row, not one for all",
    )
    near(np.abs(codes.astype(int)).max(axis=1), np.full(12, 127), "largest code of each row")


def _bits_sign(answer: Answer, rng: Generator) -> None:
    table = -np.abs(rng.normal(size=(5, 6))) - 0.1
    plus, minus = (_bits_of(answer, t, "a table and its negative")[0] for t in (-table, table))
    near(
        minus,
        -plus.astype(int),
        "a table and its negative: codes",
        "np.abs before the maximum, and 127 for both signs: -128 is not used",
    )


def _bits_zero(answer: Answer, rng: Generator) -> None:
    table = rng.normal(size=(6, 5))
    table[2] = 0
    codes, scales = _bits_of(answer, table, "a row of zeros")
    near(
        codes[2] * scales[2],
        np.zeros(5),
        "a row of zeros",
        "nothing by nothing: divide where the scale is above 0 only",
    )


# 16.3 near_attend(Q, K, V, w) ---------------------------------------------------------------------


def _three(rng: Generator, n: int) -> tuple[Array, Array, Array]:
    q, k, v = rng.normal(size=(3, n, WIDTH))
    return 2 * q, k, v


def _near_as(answer: Answer, rng: Generator, n: int, w: int, tip: str) -> None:
    q, k, v = _three(rng, n)
    given = f"{n} items, a window of {w}"
    found = array(answer(q.copy(), k.copy(), v.copy(), w), v.shape, given)
    near(found, formulas.window_attention(q, k, v, w)[0], given, tip)


def _near_value(answer: Answer, rng: Generator) -> None:
    _near_as(
        answer,
        rng,
        int(rng.integers(20, 30)),
        int(rng.integers(3, 6)),
        "item i sees i - w + 1 to i; the softmax of q·k / sqrt(d) runs over these alone",
    )


def _near_start(answer: Answer, rng: Generator) -> None:
    _near_as(
        answer,
        rng,
        4,
        9,
        "the first items see fewer: what is not there must not enter the softmax, "
        "as a score of 0 would",
    )


def _near_alone(answer: Answer, rng: Generator) -> None:
    _near_as(answer, rng, 7, 1, "a window of 1 is the item itself: its value comes back")


def _near_memory(answer: Answer, rng: Generator) -> None:
    n, w = 1200, 4
    q, k, v = _three(rng, n)
    was_on = tracemalloc.is_tracing()
    tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        answer(q, k, v, w)
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not was_on:
            tracemalloc.stop()
    if most > n * n:  # a byte for each pair
        raise Wrong(
            f"{n} items, a window of {w}: {most / 1e6:.1f} MB at once; "
            f"{8 * n * w * WIDTH / 1e6:.1f} MB hold every pair's numbers",
            "do not form all pairs and mask them: gather the w keys of each item, or loop over ago",
        )


# 16.4 from_teacher(student, teacher, temperature) -------------------------------------------------


def _taught(answer: Answer, s: Array, t: Array, heat: float, given: str, tip: str) -> None:
    found = array(answer(s.copy(), t.copy(), heat), (), given)
    near(found, formulas.distillation_loss(s, t, heat), given, tip)


def _taught_cool(answer: Answer, rng: Generator) -> None:
    s, t = rng.normal(size=(2, 6, 9))
    _taught(
        answer,
        s,
        t,
        1.0,
        "six rows, T = 1",
        "sum of p_t (log p_t - log p_s) over items, p_t the teacher's; then the mean over rows",
    )


def _taught_hot(answer: Answer, rng: Generator) -> None:
    s, t = 3 * rng.normal(size=(2, 6, 9))
    heat = float(rng.uniform(3, 6))
    _taught(
        answer,
        s,
        t,
        heat,
        f"six rows, T = {heat:.2f}",
        "both scores are divided by T, and the result is multiplied by T squared",
    )


def _taught_large(answer: Answer, rng: Generator) -> None:
    s, t = 900 * rng.normal(size=(2, 4, 5))
    _taught(
        answer,
        s,
        t,
        1.5,
        "scores in the hundreds",
        "take the log of the softmax in one step, z - max - log(sum(exp(z - max))): "
        "the log of an underflowed 0 is -inf",
    )


def _taught_shift(answer: Answer, rng: Generator) -> None:
    s, t = rng.normal(size=(2, 4, 5))
    _taught(
        answer,
        s,
        t + rng.normal(size=(4, 1)) * 9,
        2.0,
        "a teacher whose scores lie elsewhere",
        "a constant for all items of a row says nothing: compare softmaxes, not scores",
    )


# 16.5 could_be_best(rough, off, k) ----------------------------------------------------------------


def _intervals(rng: Generator, n: int = 60) -> tuple[Array, Array, Array]:
    exact, off = rng.normal(size=n), rng.uniform(0.02, 0.4, size=n)
    return exact, exact + off * rng.uniform(-1, 1, size=n), off


def _could(rough: Array, off: Array, k: int) -> NDArray[np.int64]:
    bar = np.sort(rough - off)[-k]
    return np.flatnonzero(rough + off >= bar)


def _could_of(answer: Answer, rough: Array, off: Array, k: int, given: str) -> NDArray[Any]:
    found = np.asarray(answer(rough.copy(), off.copy(), k))
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise Wrong(
            f"{given}: expected one row of ids; received {found.dtype} {found.shape}",
            "np.flatnonzero makes ids of booleans",
        )
    return np.sort(found)


def _could_none_lost(answer: Answer, rng: Generator) -> None:
    k = int(rng.integers(3, 9))
    for _ in range(5):
        exact, rough, off = _intervals(rng)
        given = f"60 items, k = {k}"
        found = _could_of(answer, rough, off, k, given)
        lost = set(np.argsort(-exact)[:k].tolist()) - set(found.tolist())
        if lost:
            raise Wrong(
                f"{given}: items {sorted(lost)} are among the best and are not in the set",
                "an item is out only if k others are better for certain: their *lower* ends "
                "above its *upper* end",
            )


def _could_few(answer: Answer, rng: Generator) -> None:
    k = int(rng.integers(3, 9))
    for _ in range(5):
        _, rough, off = _intervals(rng)
        found, expected = _could_of(answer, rough, off, k, "60 items"), _could(rough, off, k)
        if len(found) > len(expected):
            raise Wrong(
                f"60 items, k = {k}: {len(expected)} can be among the best; received {len(found)}",
                "the bar is the k-th best lower end: with a lower one, too much is scored again",
            )


def _could_sure(answer: Answer, rng: Generator) -> None:
    exact = rng.permutation(50).astype(float)
    found = _could_of(answer, exact, np.zeros(50), 5, "no error at all")
    near(
        len(found),
        5,
        "scores without error, k = 5: items",
        "where upper and lower ends meet, the best k are left, the k-th itself too: use >=",
    )


def _could_own(answer: Answer, rng: Generator) -> None:
    rough = np.array([5.0, 4.0, 3.0, 0.0, -1.0]) + rng.normal()
    off = np.array([0.1, 0.1, 0.1, 9.0, 0.1])
    found = _could_of(answer, rough, off, 2, "one item with a wide interval")
    near(
        len(found),
        3,
        "one item of five has an interval of 9 to each side, k = 2: items",
        "every item has an interval of its own: rough + off and rough - off, item by item",
    )


# 16.6 without_heads(W_Q, W_K, W_V, W_O, heads, gone) ----------------------------------------------

Matrices = tuple[Array, Array, Array, Array]


def _layer(rng: Generator, heads: int, each: int, d: int = 5) -> Matrices:
    w_q, w_k, w_v = rng.normal(size=(3, d, heads * each))
    return w_q, w_k, w_v, rng.normal(size=(heads * each, d))


def _silenced(x: Array, layer: Matrices, heads: int, gone: list[int]) -> Array:
    """The output of the whole layer, with the rows of the last matrix set to zero."""
    w_q, w_k, w_v, w_o = layer
    rows = np.isin(np.arange(len(w_o)) // (len(w_o) // heads), gone)
    return formulas.multi_head(x, w_q, w_k, w_v, np.where(rows[:, None], 0, w_o), heads)[0]


def _smaller(answer: Answer, layer: Matrices, heads: int, gone: list[int], given: str) -> Matrices:
    found = answer(*(w.copy() for w in layer), heads, list(gone))
    if not isinstance(found, tuple | list) or len(found) != 4:
        raise Wrong(f"{given}: expected four matrices; received {type(found).__name__}")
    d, whole = layer[0].shape
    left = whole // heads * (heads - len(gone))
    shapes = ((d, left), (d, left), (d, left), (left, d))
    try:
        q, k, v, o = (array(w, s, given) for w, s in zip(found, shapes, strict=True))
    except Wrong as wrong:
        raise Wrong(
            wrong.finding,
            "three matrices lose columns and the last loses rows: a zero that stays is computed",
        ) from None
    return q, k, v, o


def _heads_as(answer: Answer, rng: Generator, heads: int, each: int, gone: list[int]) -> None:
    layer, x = _layer(rng, heads, each), rng.normal(size=(6, 5))
    given = f"{heads} heads of width {each} without {gone}"
    small = _smaller(answer, layer, heads, gone, given)
    near(
        formulas.multi_head(x, *small, heads=heads - len(gone))[0],
        _silenced(x, layer, heads, gone),
        given,
        "head h has columns h c to (h + 1) c of the first three and the same rows of the last",
    )


def _heads_one(answer: Answer, rng: Generator) -> None:
    _heads_as(answer, rng, 4, 3, [int(rng.integers(3))])


def _heads_some(answer: Answer, rng: Generator) -> None:
    gone = sorted(rng.choice(6, 3, replace=False).tolist())
    _heads_as(answer, rng, 6, 2, gone[::-1])


def _heads_none(answer: Answer, rng: Generator) -> None:
    _heads_as(answer, rng, 3, 2, [])


def _heads_scores(answer: Answer, rng: Generator) -> None:
    """A mistake in queries and keys alone is hidden where scores are tiny: make them large."""
    w_q, w_k, w_v, w_o = _layer(rng, 4, 2)
    layer, x = (3 * w_q, 3 * w_k, w_v, w_o), rng.normal(size=(8, 5))
    given = "sharp attention without head 1"
    small = _smaller(answer, layer, 4, [1], given)
    near(
        formulas.multi_head(x, *small, heads=3)[0],
        _silenced(x, layer, 4, [1]),
        given,
        "each head that is left keeps its own queries with its own keys and values",
    )


EXERCISES = (
    Exercise(
        "16.1",
        "How much of a list survives",
        1,
        {
            "it is the share of the exact list that the fast one has": _overlap_noise,
            "the place in the list does not count": _overlap_places,
            "padding is on no list": _overlap_padding,
            "an order turned around has little in common": _overlap_one_sided,
        },
        (
            "What has a user lost if places 3 and 4 change? And if place 10 is another item?",
            "np.argsort(-scores[:, 1:], axis=1)[:, :k] gives the best k of each row, "
            "without padding.",
            "np.mean([np.isin(a, b).mean() for a, b in zip(best, quick)])",
        ),
    ),
    Exercise(
        "16.2",
        "A table in bytes",
        1,
        {
            "no number is off by more than half a step": _bits_near,
            "each row uses all of its steps": _bits_used,
            "plus and minus are treated alike": _bits_sign,
            "a row of zeros stays one": _bits_zero,
        },
        (
            "Which number of a row needs the largest code, and which code is that?",
            "scales = np.abs(table).max(axis=1, keepdims=True) / 127; then divide and round.",
            "np.rint(table / np.where(scales > 0, scales, 1)).astype(np.int8), scales",
        ),
    ),
    Exercise(
        "16.3",
        "Near items only",
        2,
        {
            "each item sees itself and those just before": _near_value,
            "the first items see fewer": _near_start,
            "a window of one gives back the values": _near_alone,
            "memory does not grow with the square": _near_memory,
        },
        (
            "How many scores does one item need, and which shape would hold them all?",
            "Scores (n, w): column a for the key a places ago. For each a, the keys shifted by a "
            "are K[:n - a], and they meet Q[a:].",
            "scores = np.full((n, w), -np.inf); scores[a:, a] = (Q[a:] * K[:n - a]).sum(1) / "
            "np.sqrt(d) for a < min(w, n); softmax over axis 1; then add up weights[a:, a, None] "
            "* V[:n - a].",
        ),
    ),
    Exercise(
        "16.4",
        "What a teacher says",
        2,
        {
            "at temperature 1 it is the divergence": _taught_cool,
            "a higher temperature keeps its voice": _taught_hot,
            "large scores give numbers": _taught_large,
            "a constant says nothing": _taught_shift,
        },
        (
            "Whose chances are weighed by whose: which of the two is outside the logarithm?",
            "log_s, log_t = log-softmax of student / T and teacher / T; the sum of exp(log_t) "
            "(log_t - log_s) is the divergence of a row.",
            "temperature**2 * (np.exp(log_t) * (log_t - log_s)).sum(axis=1).mean(), with "
            "log_softmax from scipy.special, or z - max - log(sum(exp(z - max))).",
        ),
    ),
    Exercise(
        "16.5",
        "Who could still win",
        2,
        {
            "none of the best is lost": _could_none_lost,
            "nobody is kept who cannot win": _could_few,
            "without an error the best are left": _could_sure,
            "each item has its own error": _could_own,
        },
        (
            "When is it certain that an item is not among the best k?",
            "If k items are surely better than it: their scores at worst, above its score at best.",
            "bar = np.sort(rough - off)[-k]; np.flatnonzero(rough + off >= bar)",
        ),
    ),
    Exercise(
        "16.6",
        "A head that is really gone",
        3,
        {
            "without one head the output is that of a silenced one": _heads_one,
            "so it is without several, in any order": _heads_some,
            "without none it is the layer": _heads_none,
            "each head keeps its own keys": _heads_scores,
        },
        (
            "Which columns of W_Q make the query of head h, and which rows of W_O read its output?",
            "Each head has c = columns / heads of them. stays = ~np.isin(np.arange(columns) // c, "
            "gone).",
            "W_Q[:, stays], W_K[:, stays], W_V[:, stays], W_O[stays]",
        ),
    ),
)
