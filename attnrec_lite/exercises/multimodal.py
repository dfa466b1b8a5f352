"""Checkers for the exercises of the chapter "Multimodal"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Original, Wrong, array, near

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
WIDTH = 3

# 13.1 bags(codes, table) --------------------------------------------------------------------------


def _bags_of(answer: Answer, codes: NDArray[np.int64], table: Array, given: str) -> Array:
    return array(answer(codes.copy(), table.copy()), (len(codes), WIDTH), given)


def _codes(rng: Generator, rows: int = 5, most: int = 4) -> NDArray[np.int64]:
    """Bags of one to four codes of nine, the rest of each row 0."""
    found = rng.integers(1, 10, size=(rows, most))
    found[np.arange(most) >= rng.integers(1, most + 1, size=rows)[:, None]] = 0
    return found


def _table(rng: Generator) -> Array:
    return np.asarray(rng.normal(size=(10, WIDTH)) + 2)


def _means(codes: NDArray[np.int64], table: Array) -> Array:
    return np.array([formulas.part_of_codes(row, table) for row in codes])


def _bags_full(answer: Answer, rng: Generator) -> None:
    codes, table = rng.integers(1, 10, size=(5, 4)), _table(rng)
    given = f"rows without padding, {codes.tolist()}"
    near(
        _bags_of(answer, codes, table, given),
        _means(codes, table),
        given,
        "the mean over the codes of a row: table[codes] has shape (items, most, d)",
    )


def _bags_padded(answer: Answer, rng: Generator) -> None:
    codes, table = _codes(rng), _table(rng)
    codes[0, 1:] = 0
    given = f"rows with padding, {codes.tolist()}"
    near(
        _bags_of(answer, codes, table, given),
        _means(codes, table),
        given,
        "row 0 of the table is no code: neither in the sum nor in the count",
    )


def _bags_loud(answer: Answer, rng: Generator) -> None:
    table, code = _table(rng), int(rng.integers(1, 10))
    codes = np.array([[code, 0, 0, 0], [code] * 4])
    found = _bags_of(answer, codes, table, "one code once and four times")
    near(
        found[1],
        found[0],
        "one code once and four times",
        "a mean, and not a sum: divide by the number of codes",
    )


def _bags_empty(answer: Answer, rng: Generator) -> None:
    codes, table = _codes(rng), _table(rng)
    codes[2] = 0
    near(
        _bags_of(answer, codes, table, "a row without a code")[2],
        np.zeros(WIDTH),
        "a row without a code",
        "nothing by nothing: divide by at least 1",
    )


# 13.2 fuse(parts, scores, known, fallback) --------------------------------------------------------


def _shelf(rng: Generator, n: int = 6, m: int = 4) -> tuple[Array, Array, Mask, Array]:
    """Parts and scores, each item with some modality, and a fallback."""
    known = rng.random((n, m)) < 0.6
    known[np.arange(n), rng.integers(0, m, size=n)] = True
    known[0, :2] = True, False
    return rng.normal(size=(n, m, WIDTH)), rng.normal(size=(n, m)), known, rng.normal(size=WIDTH)


def _fused(parts: Array, scores: Array, known: Mask, fallback: Array) -> tuple[Array, Array]:
    """Equation (13.5), one item after the other."""
    vectors, weights = np.zeros((len(parts), WIDTH)), np.zeros(scores.shape)
    for i, there in enumerate(known):
        if not there.any():
            vectors[i] = fallback
            continue
        weights[i, there] = formulas.softmax(scores[i, there])
        vectors[i] = weights[i, there] @ parts[i, there]
    return vectors, weights


def _fuse_answer(
    answer: Answer, shelf: tuple[Array, Array, Mask, Array], given: str
) -> list[Array]:
    parts, scores, _, _ = shelf
    found = answer(*(part.copy() for part in shelf))
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(
            f"{given}: expected vectors and weights; received {type(found).__name__}",
            "two arrays: return vectors, weights",
        )
    shapes = ((len(parts), WIDTH), scores.shape)
    return [array(one, shape, given) for one, shape in zip(found, shapes, strict=True)]


def _fuse_all(answer: Answer, rng: Generator) -> None:
    parts, scores, known, fallback = _shelf(rng)
    shelf = parts, scores, np.ones_like(known), fallback
    for name, f, e in zip(
        ("vectors", "weights"),
        _fuse_answer(answer, shelf, "all known"),
        _fused(*shelf),
        strict=True,
    ):
        near(
            f,
            e,
            f"all modalities known: {name}",
            "softmax over the modalities of one item, the last axis of scores; then the sum",
        )


def _fuse_missing(answer: Answer, rng: Generator) -> None:
    shelf = _shelf(rng)
    found, expected = _fuse_answer(answer, shelf, "some unknown"), _fused(*shelf)
    near(
        found[1].sum(axis=1),
        np.ones(6),
        "some unknown: sums of the weights",
        "those that are there share the whole unit: mask before the softmax divides",
    )
    near(found[1], expected[1], "some unknown: weights", "0 for what is unknown")
    near(found[0], expected[0], "some unknown: vectors", "the sum of the parts by these weights")


def _fuse_nan(answer: Answer, rng: Generator) -> None:
    parts, scores, known, fallback = _shelf(rng)
    expected = _fused(parts, scores, known, fallback)
    parts[~known], scores[~known] = np.nan, np.nan
    for f, e in zip(
        _fuse_answer(answer, (parts, scores, known, fallback), "NaN where unknown"),
        expected,
        strict=True,
    ):
        near(
            f,
            e,
            "NaN where unknown",
            "0 times NaN is NaN: replace what is unknown by np.where, do not multiply it",
        )


def _fuse_nothing(answer: Answer, rng: Generator) -> None:
    parts, scores, known, fallback = _shelf(rng)
    known[3] = False
    shelf = parts, scores, known, fallback
    vectors, weights = _fuse_answer(answer, shelf, "an item of which nothing is known")
    near(
        vectors[3],
        fallback,
        "an item of which nothing is known",
        "no weight at all, so the sum is empty: give the fallback",
    )
    near(weights[3], np.zeros(4), "its weights", "nobody is there to share: zeros")


# 13.3 drop(parts, known, share, rng) --------------------------------------------------------------


def _dropped(answer: Answer, rng: Generator, n: int = 4000) -> tuple[Any, ...]:
    parts, known = rng.normal(size=(n, 3, WIDTH)) + 5, rng.random((n, 3)) < 0.8
    share = np.array([0.0, 0.3, 0.7])
    found = answer(
        parts.copy(), known.copy(), share.copy(), np.random.default_rng(rng.integers(99))
    )
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(f"expected parts and booleans; received {type(found).__name__}")
    kept = np.asarray(found[1])
    if kept.shape != known.shape or kept.dtype != bool:
        raise Wrong(f"expected booleans of shape {known.shape}; received {kept.dtype} {kept.shape}")
    return parts, known, share, array(found[0], parts.shape, "parts"), kept


def _drop_unknown(answer: Answer, rng: Generator) -> None:
    _, known, _, _, kept = _dropped(answer, rng)
    if (kept & ~known).any():
        raise Wrong(
            f"{(kept & ~known).sum()} modalities that were unknown are known now",
            "known & (the draw): what was not there cannot be kept",
        )


def _drop_share(answer: Answer, rng: Generator) -> None:
    _, known, share, _, kept = _dropped(answer, rng)
    for m, p in enumerate(share):
        gone = 1 - kept[known[:, m], m].mean()
        if abs(gone - p) > (0.12 if p else 1e-9):
            raise Wrong(
                f"share {p} of modality {m}: expected about {p} dropped; {gone:.2f} are",
                "each modality has its own chance: compare draws (N, M) with share (M,)",
            )


def _drop_items(answer: Answer, rng: Generator) -> None:
    _, known, _, _, kept = _dropped(answer, rng)
    both = known[:, 1] & known[:, 2]
    lost = ~kept[both]
    together = (lost[:, 1] & lost[:, 2]).mean()
    if abs(together - 0.3 * 0.7) > 0.045:
        raise Wrong(
            f"both dropped in {together:.2f} of the items; expected about {0.3 * 0.7:.2f}",
            "a draw for each item and each modality, not one for all",
        )


def _drop_scale(answer: Answer, rng: Generator) -> None:
    parts, _, _, seen, kept = _dropped(answer, rng)
    near(
        seen[kept],
        parts[kept],
        "parts that stay",
        "do not divide by 1 - share: a part that stays looks as it does when none is dropped",
    )
    near(
        seen[~kept],
        np.zeros(seen[~kept].shape),
        "parts that are dropped or unknown",
        "they are zero, like those that are missing",
    )


# 13.4 folded(maps, biases, matrix) ----------------------------------------------------------------


def _linear(rng: Generator, widths: tuple[int, ...]) -> tuple[list[Array], list[Array], Array]:
    maps = [rng.normal(size=(WIDTH, f)) for f in widths]
    biases = [rng.normal(size=WIDTH) for _ in widths]
    return maps, biases, rng.normal(size=(4, WIDTH * len(widths)))


def _folded(answer: Answer, rng: Generator, widths: tuple[int, ...]) -> tuple[Any, ...]:
    maps, biases, matrix = _linear(rng, widths)
    found = answer([w.copy() for w in maps], [b.copy() for b in biases], matrix.copy())
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(f"expected a matrix and a bias; received {type(found).__name__}")
    whole = array(found[0], (4, sum(widths)), f"features of widths {widths}: the matrix")
    bias = array(found[1], (4,), f"features of widths {widths}: the bias")
    return maps, biases, matrix, whole, bias


def _fold_value(answer: Answer, rng: Generator, widths: tuple[int, ...] = (2, 5, 1)) -> None:
    maps, biases, matrix, whole, bias = _folded(answer, rng, widths)
    features = [rng.normal(size=f) for f in widths]
    parts = np.array(
        [formulas.part_of_numbers(x, w, b) for x, w, b in zip(features, maps, biases, strict=True)]
    )
    expected = formulas.concatenated(parts, matrix, np.ones(len(widths)), np.zeros(4))
    near(
        whole @ np.concatenate(features) + bias,
        expected,
        f"features of widths {widths}",
        "the columns m d to (m + 1) d of the matrix meet part m, and no other",
    )


def _fold_bias(answer: Answer, rng: Generator) -> None:
    _, biases, matrix, _, bias = _folded(answer, rng, (2, 2))
    near(
        bias,
        matrix @ np.concatenate(biases),
        "features that are all 0",
        "a bias goes through the matrix too: add up B_m @ b_m",
    )


def _fold_one(answer: Answer, rng: Generator) -> None:
    _fold_value(answer, rng, (3,))


# 13.5 late(scores, weights, known) ----------------------------------------------------------------


def _opinions(rng: Generator) -> tuple[Array, Array, Mask]:
    """Three models on three scales; the second and third know some items only."""
    scores = rng.normal(size=(3, 12)) * [[1], [500], [0.01]] + [[0], [9000], [4]]
    known = np.ones((3, 12), bool)
    known[1, rng.choice(12, 5, replace=False)] = False
    known[2, rng.choice(12, 3, replace=False)] = False
    return scores, rng.uniform(0.2, 2, size=3), known


def _late(scores: Array, weights: Array, known: Mask) -> Array:
    rows = [formulas.standardise(s, s[k]) for s, k in zip(scores, known, strict=True)]
    return formulas.late_fusion(rows, weights, known)


def _compare_late(
    answer: Answer, scores: Array, weights: Array, known: Mask, given: str, advice: str
) -> None:
    found = array(answer(scores.copy(), weights.copy(), known.copy()), scores.shape[1:], given)
    near(found, _late(scores, weights, known), given, advice)


def _late_scale(answer: Answer, rng: Generator) -> None:
    scores, weights, known = _opinions(rng)
    _compare_late(
        answer,
        scores,
        weights,
        np.ones_like(known),
        "all items known to all",
        "each model by itself to mean 0 and deviation 1, before they are added",
    )


def _late_known(answer: Answer, rng: Generator) -> None:
    scores, weights, known = _opinions(rng)
    scores[~known] = -1e6
    _compare_late(
        answer,
        scores,
        weights,
        known,
        "-1e6 where a model does not know an item",
        "mean and deviation over scores[r][known[r]] only, and no vote where unknown",
    )


def _late_votes(answer: Answer, rng: Generator) -> None:
    scores, weights, known = _opinions(rng)
    _compare_late(
        answer,
        scores,
        weights,
        known,
        "items that one of three models knows",
        "divide by the weights of those who know the item, not of all",
    )


def _late_nobody(answer: Answer, rng: Generator) -> None:
    scores, weights, known = _opinions(rng)
    known[:, 4] = False
    found = array(answer(scores, weights, known), (12,), "an item that no model knows")
    if found[4] != -np.inf:
        raise Wrong(
            f"an item that no model knows: expected -inf; received {found[4]:.4g}",
            "a mean of 0 would put it above half of the others",
        )


# 13.6 reads_untrained(encode, rows, features, trained) --------------------------------------------

Encode = Callable[[Any, Any], Array]


def _encoder(rng: Generator, trained: Mask, kind: str) -> Encode:
    """An encoder that reads rows of ids as ``kind`` says."""
    matrix = rng.normal(size=(2, WIDTH))
    there = trained[:, None]

    def encode(rows: Any, features: Any) -> Array:
        rows, text = np.asarray(rows, np.float64), np.asarray(features) @ matrix
        own = rows if kind == "own" else np.where(there, rows, 0)
        if kind == "a little":
            own = np.where(there, rows, 1e-4 * rows)
        if kind == "another's":
            own = own + np.where(there, rows[~trained][0], 0)
        if kind == "differences":
            own = own + np.where(there, 0, rows - rows[~trained].mean(axis=0))
        return np.asarray(own + text)

    return encode


def _verdict(answer: Answer, rng: Generator, kind: str, says: bool, tip: str) -> None:
    trained = np.arange(8) % 3 > 0
    rows, features = rng.normal(size=(8, WIDTH)), rng.normal(size=(8, 2))
    before = rows.copy()
    found = answer(_encoder(rng, trained, kind), Original(rows), features, trained.copy())
    if not isinstance(found, bool | np.bool_):
        raise Wrong(f"expected True or False; received {type(found).__name__}")
    if bool(found) != says:
        raise Wrong(
            f"an encoder that reads untrained rows ({kind}): expected {says}; received {found}", tip
        )
    near(rows, before, "the rows that it was given", "edit a copy: the caller's rows are not yours")


def _reads_none(answer: Answer, rng: Generator) -> None:
    _verdict(
        answer,
        rng,
        "none",
        False,
        "an encoder may read the rows that were trained: edit the others only",
    )


def _reads_own(answer: Answer, rng: Generator) -> None:
    _verdict(answer, rng, "own", True, "edit the rows of items that are not trained, and compare")


def _reads_little(answer: Answer, rng: Generator) -> None:
    _verdict(answer, rng, "a little", True, "any change counts, however small")


def _reads_others(answer: Answer, rng: Generator) -> None:
    _verdict(
        answer,
        rng,
        "another's",
        True,
        "compare the vectors of all items: an old one may read a new one's row",
    )


def _reads_differences(answer: Answer, rng: Generator) -> None:
    _verdict(
        answer,
        rng,
        "differences",
        True,
        "the same shift for all rows can cancel: edit by random numbers",
    )


EXERCISES = (
    Exercise(
        "13.1",
        "A bag that is no louder for its size",
        1,
        {
            "it is the mean of the vectors of the codes": _bags_full,
            "padding has no part in it": _bags_padded,
            "the same code four times is no louder": _bags_loud,
            "an item without a code gets zeros": _bags_empty,
        },
        (
            "Which rows of table[codes] must not enter the sum, and by what must it be divided?",
            "real = codes > 0; multiply table[codes] by real[:, :, None] before you sum over axis "
            "1.",
            "total / np.maximum(real.sum(1), 1)[:, None]",
        ),
    ),
    Exercise(
        "13.2",
        "Whoever is there shares the unit",
        2,
        {
            "with all modalities known it is a softmax and a sum": _fuse_all,
            "what is unknown gets nothing, the others share the whole": _fuse_missing,
            "what stands where nothing is known is not looked at": _fuse_nan,
            "an item of which nothing is known gets the fallback": _fuse_nothing,
        },
        (
            "What is 0 times NaN? So when has what is unknown to be taken out?",
            "Put -inf in the place of unknown scores and 0 in that of unknown parts, by np.where, "
            "before you compute; then softmax over the modalities.",
            "weights = formulas.masked_softmax(np.where(known, scores, 0), known); vectors = "
            "(weights[:, :, None] * np.where(known[:, :, None], parts, 0)).sum(1); rows without "
            "any known modality get the fallback.",
        ),
    ),
    Exercise(
        "13.3",
        "Rehearse what will be missing",
        1,
        {
            "what was unknown stays unknown": _drop_unknown,
            "each modality is dropped with its own chance": _drop_share,
            "items and modalities are drawn one by one": _drop_items,
            "what stays is as it was, the rest is zero": _drop_scale,
        },
        (
            "What does the model meet later: a part that is missing, or a part that is half as "
            "long?",
            "One draw for each item and modality: rng.random(known.shape) >= share, and what was "
            "unknown stays unknown.",
            "kept = known & (rng.random(known.shape) >= share); parts are np.where(kept[:, :, "
            "None], parts, 0), and nothing is divided by 1 - share.",
        ),
    ),
    Exercise(
        "13.4",
        "A concatenation in one matrix",
        2,
        {
            "one matrix does what the parts and the concatenation do": _fold_value,
            "the biases go through the matrix": _fold_bias,
            "one modality alone will do": _fold_one,
        },
        (
            "Which columns of the matrix meet the part of modality m?",
            "Those from m d to (m + 1) d, counting modalities from 0: their product with W_m are "
            "the columns for the features of m.",
            "blocks = np.split(matrix, len(maps), axis=1); np.hstack([B @ W for B, W in "
            "zip(blocks, maps)]) and sum(B @ b for B, b in zip(blocks, biases)).",
        ),
    ),
    Exercise(
        "13.5",
        "Fused late, on one scale",
        2,
        {
            "no model decides because its numbers are large": _late_scale,
            "what a model does not know has no voice": _late_known,
            "those who know an item share the vote": _late_votes,
            "an item that nobody knows comes last": _late_nobody,
        },
        (
            "A model that gives millions and one that gives hundredths: who decides, if you just "
            "add? And what do the scores of items that a model does not know do to its mean?",
            "For each model: mean and standard deviation of scores[r][known[r]] only. What is "
            "unknown has neither a score nor a weight.",
            "total = (weights[:, None] * known).sum(0); the weighted sum of the standardised "
            "scores, 0 where unknown, divided by total where total > 0.",
        ),
    ),
    Exercise(
        "13.6",
        "Who reads what was never trained?",
        3,
        {
            "an encoder that hides untrained rows is right": _reads_none,
            "one that reads an item's own untrained row is not": _reads_own,
            "a little is too much": _reads_little,
            "nor may another item read it": _reads_others,
            "reading differences is reading": _reads_differences,
        },
        (
            "If a number is not read, what happens when you change it?",
            "Change the rows of the items that are not trained, and only these, and compare all "
            "vectors, not only those of new items.",
            "edited = rows.copy(); edited[~trained] = random numbers, since a shift that is the "
            "same for all can cancel; moved = np.abs(encode(edited, features) - encode(rows, "
            "features)).max() > 1e-9.",
        ),
    ),
)
