"""Checkers for the exercises of the chapter "Sequences"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Original, Wrong, array, near

Array = NDArray[np.float64]
Ids = NDArray[np.int64]

# 11.1 who_sees(segments) --------------------------------------------------------------------------


def _packed(rng: Generator, rows: int = 4) -> Ids:
    """Rows of two to three pieces, each with empty slots on the left."""
    length = int(rng.integers(7, 11))
    found = np.zeros((rows, length), np.int64)
    for row in found:
        sizes = rng.integers(1, 4, size=int(rng.integers(2, 4)))
        pieces = np.repeat(np.arange(1, len(sizes) + 1), sizes)[: length - 1]
        row[length - len(pieces) :] = pieces
    return found


def _seen_by(who_sees: Answer, segments: Ids) -> NDArray[np.bool_]:
    found = np.asarray(who_sees(segments.copy()))
    expected = (*segments.shape, segments.shape[1])
    if found.shape != expected or found.dtype != bool:
        raise Wrong(
            f"segments of shape {segments.shape}: expected booleans of shape {expected}; received "
            f"{found.dtype} {found.shape}",
            "one square per row of the batch: queries down, keys across",
        )
    return found


def _compare(
    who_sees: Answer, rng: Generator, where: Callable[[Ids], NDArray[np.bool_]], says: str, tip: str
) -> None:
    segments = _packed(rng)
    found = _seen_by(who_sees, segments)
    bad = np.argwhere((found != formulas.visible_in_piece(segments)) & where(segments))
    if len(bad):
        b, i, j = bad[0]
        raise Wrong(f"segments {segments[b]}: {says.format(i=i, j=j)}", tip)


def _sees_no_empty(who_sees: Answer, rng: Generator) -> None:
    def where(g: Ids) -> NDArray[np.bool_]:
        return np.asarray((g[:, :, None] == 0) | (g[:, None, :] == 0))

    _compare(
        who_sees,
        rng,
        where,
        "slot {i} sees slot {j}, one of which is empty",
        "empty slots have the number 0 in common: equal numbers do not make a piece of them",
    )


def _sees_no_neighbour(who_sees: Answer, rng: Generator) -> None:
    def where(g: Ids) -> NDArray[np.bool_]:
        return np.asarray(g[:, :, None] != g[:, None, :])

    _compare(
        who_sees,
        rng,
        where,
        "slot {i} sees slot {j} of another customer",
        "compare the numbers of the pieces: segments[:, :, None] == segments[:, None, :]",
    )


def _sees_past_only(who_sees: Answer, rng: Generator) -> None:
    def where(g: Ids) -> NDArray[np.bool_]:
        return np.asarray(np.triu(np.ones((g.shape[1],) * 2, bool), k=1))

    _compare(
        who_sees,
        rng,
        where,
        "slot {i} sees slot {j}, which comes after it",
        "queries are rows, keys are columns: keep the lower triangle, np.tril",
    )


def _sees_own_past(who_sees: Answer, rng: Generator) -> None:
    def where(g: Ids) -> NDArray[np.bool_]:
        return np.ones((*g.shape, g.shape[1]), bool)

    _compare(
        who_sees,
        rng,
        where,
        "slot {i} and slot {j} are not as they should be",
        "an item sees itself too: the diagonal belongs to the past",
    )


# 11.2 leaks(answer, ids, segments) ----------------------------------------------------------------

Model = Callable[[Any, Any], Array]


def _model(rng: Generator, kind: str = "right") -> Model:
    """A packed model of one attention, faulty in one way."""
    table = rng.normal(size=(12, 4))
    w = rng.normal(size=(3, 4, 4)) / 2

    def answer(ids: Any, segments: Any) -> Array:
        ids, segments = np.asarray(ids), np.asarray(segments)
        n = ids.shape[1]
        same = (segments[:, :, None] == segments[:, None, :]) & (segments[:, None, :] > 0)
        past = np.tril(np.ones((n, n), bool), k=1 if kind == "off by one" else 0)
        if kind == "no mask":
            past[:] = True
        seen = same & past
        if kind == "neighbours":
            seen = (segments[:, None, :] > 0) & past
        if kind == "last":
            seen = seen | ((segments[:, :, None] > 0) & (np.arange(n) == n - 1))
        x = np.where(ids[..., None] > 0, table[ids], 0.0)
        if kind == "norm":
            x = x - 0.01 * x.mean(axis=1, keepdims=True)
        return np.asarray(x + formulas.attend(*formulas.project(x, *w), seen)[0])

    return answer


def _names(leaks: Answer, rng: Generator, kind: str) -> set[str]:
    segments = np.array([[0, 1, 1, 1, 2, 2, 2], [1, 1, 1, 1, 2, 2, 3]])
    ids = np.where(segments > 0, rng.integers(1, 12, size=segments.shape), 0)
    found = leaks(_model(rng, kind), ids.copy(), segments.copy())
    if not isinstance(found, set | frozenset) or not found <= {"future", "neighbour"}:
        raise Wrong(
            f"expected a set of the words 'future' and 'neighbour'; received {found!r:.60}",
            "set() for a model without a leak",
        )
    return set(found)


def _leak_test(kind: str, expected: set[str], says: str, tip: str) -> Any:
    def test(leaks: Answer, rng: Generator) -> None:
        for _ in range(3):
            found = _names(leaks, rng, kind)
            if found != expected:
                given = f"{says}: expected {sorted(expected)}, received {sorted(found)}"
                raise Wrong(given, tip)

    return test


# 11.3 hide(ids, share, mask_id, rng) --------------------------------------------------------------


def _histories(rng: Generator, rows: int = 30, length: int = 8) -> Ids:
    real = rng.integers(1, length + 1, size=rows)
    real[0] = 1
    ids = rng.integers(1, 50, size=(rows, length))
    return np.where(np.arange(length) >= length - real[:, None], ids, 0)


def _hidden(hide: Answer, rng: Generator, share: float, ids: Ids) -> tuple[Ids, Ids]:
    found = hide(ids.copy(), share, 50, np.random.default_rng(int(rng.integers(2**31))))
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong("expected two arrays back: what is seen and what is asked for")
    given = f"ids {ids.shape}, share {share}"
    seen, asked = (array(part, ids.shape, given) for part in found)
    return seen.astype(np.int64), asked.astype(np.int64)


def _cloze_padding(hide: Answer, rng: Generator) -> None:
    ids = _histories(rng)
    seen, asked = _hidden(hide, rng, 0.6, ids)
    bad = np.argwhere((ids == 0) & ((seen != 0) | (asked != 0)))
    if len(bad):
        raise Wrong(
            f"row {ids[bad[0][0]]}: padding was hidden or asked for",
            "padding is no item: draw among the places where ids > 0",
        )


def _cloze_each_row(hide: Answer, rng: Generator) -> None:
    ids = _histories(rng)
    seen, _ = _hidden(hide, rng, 0.05, ids)
    none = np.flatnonzero(~(seen == 50).any(axis=1))
    if len(none):
        raise Wrong(
            f"share 0.05, row {ids[none[0]]}: nothing was hidden",
            "where chance hid nothing, hide the newest item: the row has to ask something",
        )


def _cloze_asked(hide: Answer, rng: Generator) -> None:
    ids = _histories(rng)
    seen, asked = _hidden(hide, rng, 0.4, ids)
    tip = "ask for what was hidden and nothing else: np.where(hidden, ids, 0)"
    if np.array_equal(asked, ids):
        tip = "asked for everything: what is still in sight is copied, not predicted"
    near(asked, np.where(seen == 50, ids, 0), "what is asked for", tip)
    near(np.where(seen == 50, ids, seen), ids, "what is not hidden", "leave it as it was")


def _cloze_share(hide: Answer, rng: Generator) -> None:
    ids = rng.integers(1, 50, size=(400, 20))
    share = float(rng.uniform(0.2, 0.6))
    seen, _ = _hidden(hide, rng, share, ids)
    found = float((seen == 50).mean())
    if abs(found - share) > 0.05:
        raise Wrong(
            f"share {share:.2f} of 8,000 items: {found:.2f} were hidden",
            "hide each item by a chance of its own: rng.random(ids.shape) < share",
        )
    by_place = (seen == 50).mean(axis=0)
    worst = int(np.abs(by_place - share).argmax())
    if abs(by_place[worst] - share) > 0.15:
        raise Wrong(
            f"share {share:.2f} of 400 rows, place {worst}: {by_place[worst]:.2f} were hidden",
            "every place has the same chance; the newest is forced where nothing else is hidden",
        )


# 11.4 gbce(scores, targets, drawn, t) -------------------------------------------------------------


def _scored(rng: Generator, size: float = 2.0) -> tuple[Array, Ids, Ids]:
    rows, n, k = 4, int(rng.integers(8, 14)), int(rng.integers(2, 5))
    targets = rng.integers(n, size=rows)
    steps = np.stack([rng.permutation(n - 1)[:k] + 1 for _ in range(rows)])
    return size * rng.normal(size=(rows, n)), targets, (targets[:, None] + steps) % n


def _gbce_of(gbce: Answer, case: tuple[Array, Ids, Ids], t: float) -> Array:
    scores, targets, drawn = case
    found = gbce(scores.copy(), targets.copy(), drawn.copy(), t)
    return array(found, (), f"scores {scores.shape}, {drawn.shape[1]} negatives, t = {t:.2f}")


def _gbce_zero(gbce: Answer, rng: Generator) -> None:
    case = _scored(rng)
    expected = formulas.binary_loss(*case)
    found = _gbce_of(gbce, case, 0.0)
    tip = "one yes and K no, their mean over K + 1, then the mean over rows"
    if np.allclose(found, expected * (1 + case[2].shape[1])):
        tip = "divide by K + 1"
    elif np.allclose(found, formulas.gbce_loss(*case, case[2].shape[1] / (case[0].shape[1] - 1))):
        tip = "that is t = 1: the dial turns the other way, beta = 1 at t = 0"
    near(found, expected, "t = 0 is the binary loss", tip)


def _gbce_power(gbce: Answer, rng: Generator) -> None:
    case, t = _scored(rng), float(rng.uniform(0.2, 0.95))
    n, k = case[0].shape[1], case[2].shape[1]
    found = _gbce_of(gbce, case, t)
    tip = "beta = a (t (1 - 1/a) + 1/a) with a = K / (N - 1) multiplies the logarithm of the yes"
    if np.allclose(found, formulas.gbce_loss(*case, 1 - t * (1 - k / n))):
        tip = "an item has N - 1 others: a = K / (N - 1)"
    elif np.allclose(found, formulas.gbce_loss(*case, k / (n - 1)), rtol=1e-9):
        tip = "that is t = 1, whatever t is"
    near(found, formulas.gbce_loss(*case, formulas.gbce_power(k, n, t)), f"t = {t:.2f}", tip)


def _gbce_finite(gbce: Answer, rng: Generator) -> None:
    scores, targets, drawn = _scored(rng)
    wild = np.where(rng.random(scores.shape) < 0.5, -60.0, 60.0)
    wild[0, targets[0]], wild[0, drawn[0]] = -60.0, 60.0
    case = (wild.astype(np.float32).astype(np.float64), targets, drawn)
    found = _gbce_of(gbce, (wild.astype(np.float32), targets, drawn), 0.5)
    power = formulas.gbce_power(drawn.shape[1], scores.shape[1], 0.5)
    tip = "no probability is formed: -ln sigma(s) = ln(1 + exp(-s)), which is np.logaddexp(0, -s)"
    if abs(float(found) - formulas.gbce_loss(*case, power)) > 1e-3:
        raise Wrong(f"scores of 60 and -60 in float32: received {float(found):.4g}", tip)


# 11.5 click(caches, token, blocks) ----------------------------------------------------------------


def _blocks(rng: Generator, d: int = 4) -> list[tuple[list[Array], list[Array]]]:
    return [
        (list(rng.normal(size=(4, d, d)) / 2), [rng.normal(size=(d, 6)), rng.normal(size=(6, d))])
        for _ in range(2)
    ]


def _clicks(
    click: Answer, tokens: Array, blocks: list[tuple[list[Array], list[Array]]]
) -> tuple[Array, Any]:
    caches: Any = [(np.zeros((0, 4)), np.zeros((0, 4))) for _ in blocks]
    outputs = []
    for number, token in enumerate(tokens, 1):
        found = click(caches, token.copy(), blocks)
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise Wrong("expected two things back: the output and the caches")
        outputs.append(array(found[0], (4,), f"click {number}: the output"))
        caches = found[1]
    return np.array(outputs), caches


def _stack(tokens: Array, blocks: list[tuple[list[Array], list[Array]]]) -> Array:
    seen = formulas.visible(np.ones(len(tokens), bool), causal=True)
    x = tokens
    for matrices, forward in blocks:
        x = formulas.transformer_block(x, matrices, forward, seen)[0]
    return x


def _cache_equal(click: Answer, rng: Generator) -> None:
    tokens, blocks = rng.normal(size=(6, 4)), _blocks(rng)
    outputs, _ = _clicks(click, tokens, blocks)
    expected = _stack(tokens, blocks)
    advice = "each block: y = x + attend(LN(x)) W_O, then y + FF(LN(y))"
    if np.allclose(outputs[0], expected[0]):
        advice = "keys and values of LN of what enters the block, one row added for each click"
    if np.allclose(outputs[0], _stack(tokens[:1], blocks[:1])[0]):
        advice = "what leaves the first block enters the second"
    for number, output in enumerate(outputs):
        near(
            output, expected[number], f"output after click {number + 1}, against all again", advice
        )


def _cache_grows(click: Answer, rng: Generator) -> None:
    tokens, blocks = rng.normal(size=(5, 4)), _blocks(rng)
    _, caches = _clicks(click, tokens, blocks)
    if not isinstance(caches, tuple | list) or len(caches) != len(blocks):
        raise Wrong(f"expected {len(blocks)} caches, one for each block; received {caches!r:.60}")
    for number, pair in enumerate(caches):
        for name, rows in zip(("keys", "values"), pair, strict=True):
            array(rows, (5, 4), f"block {number}, {name} after 5 clicks")


def _cache_alone(click: Answer, rng: Generator) -> None:
    tokens, blocks = rng.normal(size=(4, 4)), _blocks(rng)
    _, caches = _clicks(click, tokens, blocks)
    kept = [tuple(np.array(part) for part in pair) for pair in caches]
    two = rng.normal(size=(2, 4))
    first = array(click(Original(kept), two[0].copy(), blocks)[0], (4,), "a click")
    click(Original(kept), two[1].copy(), blocks)
    again = array(click(Original(kept), two[0].copy(), blocks)[0], (4,), "the same click again")
    near(again, first, "the same caches asked again", "hand back new caches; leave the old alone")


# 11.6 intervals(times, longest) -------------------------------------------------------------------


def _times(rng: Generator) -> Array:
    gaps = rng.integers(3, 40, size=7)
    gaps[int(rng.integers(3, 7))] = int(rng.integers(1, 3))  # the smallest comes late
    return np.cumsum(gaps).astype(np.float64)


def _honest(times: Array, longest: int) -> Ids:
    found = np.zeros((len(times),) * 2, np.int64)
    for i in range(1, len(times)):
        gaps = np.diff(times[: i + 1])
        unit = gaps[gaps > 0].min(initial=np.inf)
        found[i, : i + 1] = np.minimum(longest, (times[i] - times[: i + 1]) // unit)
    return found


def _interval_equal(intervals: Answer, rng: Generator) -> None:
    for _ in range(5):
        _interval_rows(intervals, _times(rng), longest=9)


def _interval_rows(intervals: Answer, times: Array, longest: int) -> None:
    found = array(intervals(times.copy(), longest), (7, 7), f"times {times.astype(int)}")
    expected = _honest(times, longest)
    advice = "row i: (t_i - t_j) // unit of row i, at most the longest, 0 above the diagonal"
    unit = np.diff(times).min()
    if np.array_equal(np.tril(found), np.tril(formulas.interval_matrix(times, unit, longest))):
        advice = "the smallest gap of all clicks knows the later ones: take it up to click i"
    elif np.array_equal(np.minimum(found, longest), expected):
        advice = "clip at the longest"
    for i, row in enumerate(expected):
        near(found[i], row, f"times {times.astype(int)}, longest {longest}, row {i}", advice)


def _interval_future(intervals: Answer, rng: Generator) -> None:
    times = _times(rng)
    whole = array(intervals(times.copy(), 9), (7, 7), "seven clicks")
    for n in (3, 5):
        part = array(intervals(times[:n].copy(), 9), (n, n), f"the first {n} clicks")
        near(
            part,
            whole[:n, :n],
            f"the first {n} clicks, without and with those after them",
            "the smallest gap of all clicks knows the later ones: take it up to click i",
        )


def _interval_ties(intervals: Answer, rng: Generator) -> None:
    times = np.repeat(float(rng.integers(1, 9)), 4)
    found = array(intervals(times.copy(), 9), (4, 4), "four clicks in the same second")
    near(
        found,
        0,
        "four clicks in the same second",
        "a gap of 0 is no unit: take the smallest gap above 0; if there is none all is 0",
    )
    times = np.concatenate([times, times[-1:] + 5, times[-1:] + 15])
    found = array(intervals(times.copy(), 9), (6, 6), "four ties and two more")
    near(
        found,
        _honest(times, 9),
        "four ties, one 5 seconds later, one 10 after that",
        "a gap of 0 is no unit: take the smallest gap above 0",
    )


EXERCISES = (
    Exercise(
        "11.1",
        "Who sees whom in a packed row",
        1,
        {
            "empty slots see nobody and are seen by nobody": _sees_no_empty,
            "nobody sees another customer": _sees_no_neighbour,
            "nobody sees what comes after": _sees_past_only,
            "everything else is seen": _sees_own_past,
        },
        (
            "Which three conditions must hold at once for slot i to see slot j?",
            "The same piece, no empty slot, and j not after i: three arrays of booleans and two &.",
            "same = segments[:, :, None] == segments[:, None, :]; then & (segments > 0)[:, :, None]"
            " & np.tril(np.ones((n, n), bool)).",
        ),
    ),
    Exercise(
        "11.2",
        "A leak test that says which leak",
        2,
        {
            "a right model has none": _leak_test(
                "right", set(), "a causal model that keeps pieces apart",
                "an output may move when its own item is edited, or an earlier one of its piece"),
            "a missing mask within pieces is a future leak": _leak_test(
                "no mask", {"future"}, "pieces apart, no causal mask",
                "edit every item in turn; later outputs do not count, earlier ones do"),
            "a mask that is off by one is a future leak": _leak_test(
                "off by one", {"future"}, "sees one item ahead in its piece",
                "compare the output just before the edit too"),
            "pieces that see their neighbours are found": _leak_test(
                "neighbours", {"neighbour"}, "causal, but every earlier piece is seen",
                "an edit in one piece must leave every output of another alone, later ones too"),
            "a mean over the row is both": _leak_test(
                "norm", {"future", "neighbour"}, "subtracts a hundredth of the mean of the row",
                "any change counts, however small, and both words may be right"),
            "the last slot counts, whichever piece sees it": _leak_test(
                "last", {"future", "neighbour"}, "causal, but all slots see the last one",
                "edit every slot, the last one too, and look at the outputs of earlier pieces"),
        },
        (
            "If you change the item in slot s, which outputs may move?",
            "Those of the same piece from s on. Any other that moves is a leak: which of the two?",
            "for each s with segments > 0: edit ids[:, s] to another id, moved = changes above "
            "1e-9; same = segments == segments[:, [s]]; future: moved & same before s; neighbour: "
            "moved & ~same.",
        ),
    ),
    Exercise(
        "11.3",
        "Hide and ask",
        1,
        {
            "padding is never hidden": _cloze_padding,
            "every row asks something": _cloze_each_row,
            "what is asked for is what was hidden": _cloze_asked,
            "the share is right": _cloze_share,
        },
        (
            "Where may an item be hidden, and what if chance hides none of a row?",
            "hidden = (rng.random(ids.shape) < share) & (ids > 0); a row without a True gets its "
            "newest item, the last column.",
            "hidden[:, -1] |= ~hidden.any(axis=1); seen = np.where(hidden, mask_id, ids), "
            "asked = np.where(hidden, ids, 0).",
        ),
    ),
    Exercise(
        "11.4",
        "A loss that knows how few it has asked",
        2,
        {
            "t = 0 is the binary loss": _gbce_zero,
            "t chooses the power": _gbce_power,
            "large scores stay finite": _gbce_finite,
        },
        (
            "What is the logarithm of a power?",
            "beta comes out as a factor before -ln sigma of the target; the no of each negative "
            "stays as it is.",
            "softplus = lambda s: np.logaddexp(0, s); mean over rows of (beta * softplus(-yes) + "
            "softplus(no).sum(1)) / (K + 1), with beta = 1 - t * (1 - K / (N - 1)).",
        ),
    ),
    Exercise(
        "11.5",
        "One click through two blocks",
        3,
        {
            "it gives what computing all again gives": _cache_equal,
            "each block keeps one key and one value a click": _cache_grows,
            "the caches that it was given stay as they were": _cache_alone,
        },
        (
            "Which numbers of earlier clicks does a block need, and which does it not need again?",
            "Each block needs its own keys and values, made from LN of what entered that block; "
            "the new token then goes on to the next block.",
            "h = formulas.layer_norm(x); keys = np.vstack([keys, h @ W_K]), values likewise; x = x "
            "+ attend(h @ W_Q over all keys) @ W_O; x = x + feed_forward(layer_norm(x)).",
        ),
    ),
    Exercise(
        "11.6",
        "Intervals that do not look ahead",
        2,
        {
            "row i is measured in the smallest gap up to click i": _interval_equal,
            "a later click changes nothing": _interval_future,
            "ties do not divide by zero": _interval_ties,
        },
        (
            "Which gaps had happened when click i came?",
            "gaps = np.diff(times[: i + 1]); the unit of row i is the smallest above 0.",
            "found[i, : i + 1] = np.minimum(longest, (times[i] - times[: i + 1]) // unit); a row "
            "without a gap above 0 stays 0.",
        ),
    ),
)  # fmt: skip
