"""Checkers for the exercises of the chapter "Queries, keys and values"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]

# 3.1 who_sees(mask) -------------------------------------------------------------------------------


def _left_padded(rng: Generator, rows: int = 4) -> NDArray[np.bool_]:
    length = int(rng.integers(5, 9))
    real = rng.integers(1, length, size=rows)
    return np.asarray(np.arange(length) >= length - real[:, None])


def _seen(who_sees: Answer, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = np.asarray(who_sees(mask.copy()))
    expected = (*mask.shape, mask.shape[1])
    if found.shape != expected or found.dtype != bool:
        raise Wrong(
            f"mask of shape {mask.shape}: expected booleans of shape {expected}; received "
            f"{found.dtype} {found.shape}",
            "one square per row of the batch: queries down, keys across",
        )
    return found


def _sees_no_padding(who_sees: Answer, rng: Generator) -> None:
    mask = _left_padded(rng)
    found = _seen(who_sees, mask)
    bad = np.argwhere(found & ~mask[:, None, :])
    if len(bad):
        b, i, j = bad[0]
        advice = "the mask belongs to the keys: mask[:, None, :], not mask[:, :, None]"
        raise Wrong(f"row {b}, mask {mask[b].astype(int)}: query {i} sees padding {j}", advice)


def _sees_no_future(who_sees: Answer, rng: Generator) -> None:
    mask = _left_padded(rng)
    found = _seen(who_sees, mask)
    bad = np.argwhere(found & ~np.tril(np.ones(found.shape[1:], bool)))
    if len(bad):
        b, i, j = bad[0]
        raise Wrong(
            f"row {b}: query {i} sees key {j}, which comes after it",
            "queries are rows, keys are columns: keep the lower triangle, np.tril",
        )


def _sees_the_rest(who_sees: Answer, rng: Generator) -> None:
    mask = _left_padded(rng)
    found, expected = _seen(who_sees, mask), formulas.visible(mask, causal=True)
    bad = np.argwhere(found != expected)
    if len(bad):
        b, i, j = bad[0]
        raise Wrong(
            f"row {b}, mask {mask[b].astype(int)}: query {i} should see key {j}",
            "an item sees itself too: the diagonal belongs to the past",
        )


# 3.2 attend(queries, keys, values, visible) -------------------------------------------------------


def _qkv(rng: Generator, n: int = 4, m: int = 5, d: int = 3) -> tuple[Array, Array, Array]:
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)), rng.normal(size=(m, 2))


def _attend_all(attend: Answer, rng: Generator) -> None:
    q, k, v = _qkv(rng)
    see = np.ones((4, 5), bool)
    found = array(attend(q.copy(), k.copy(), v.copy(), see), (4, 2), "4 queries, 5 keys, all seen")
    expected = formulas.attend(q, k, v)[0]
    advice = ""
    if np.allclose(found, formulas.softmax(q @ k.T) @ v):
        advice = "divide the scores by the root of the length of a key"
    elif np.allclose(found, formulas.softmax(q @ k.T / np.sqrt(3), axis=0) @ v):
        advice = "the keys compete, so the softmax runs along each row: axis -1"
    elif np.allclose(found, formulas.softmax(q @ k.T / np.sqrt(5)) @ v):
        advice = "d_k is the length of a key, k.shape[-1], not how many keys there are"
    near(found, expected, "4 queries of width 3, 5 keys, everything seen", advice)


def _attend_masked(attend: Answer, rng: Generator) -> None:
    q, k, v = _qkv(rng)
    see = rng.random((4, 5)) < 0.5
    see[:, int(rng.integers(5))] = True
    found = array(attend(q.copy(), k.copy(), v.copy(), see), (4, 2), "a random visible matrix")
    advice = "hide before the softmax: weights that are set to 0 after it no longer sum to 1"
    if np.allclose(found, formulas.softmax(q @ k.T / np.sqrt(3) * see) @ v):
        advice = "a score of 0 is not hidden, since exp(0) is 1: hide with minus infinity"
    near(found, formulas.attend(q, k, v, see)[0], "a random visible matrix", advice)


def _attend_nothing(attend: Answer, rng: Generator) -> None:
    q, k, v = _qkv(rng)
    see = np.ones((4, 5), bool)
    row = int(rng.integers(4))
    see[row] = False
    found = array(attend(q.copy(), k.copy(), v.copy(), see), (4, 2), f"query {row} sees nothing")
    near(found[row], 0.0, f"query {row} sees nothing: its output",
         "who sees nothing takes nothing along: divide only where the sum is above 0, and no "
         "large negative number in place of minus infinity")  # fmt: skip


# 3.3 heads(queries, keys, values, number) ---------------------------------------------------------


def _loop_heads(q: Array, k: Array, v: Array, number: int) -> Array:
    parts = zip(*(np.split(x, number, axis=1) for x in (q, k, v)), strict=True)
    return np.concatenate([formulas.attend(*part)[0] for part in parts], axis=1)


def _heads_one(heads: Answer, rng: Generator) -> None:
    q, k, v = rng.normal(size=(3, 5, 6))
    found = array(heads(q.copy(), k.copy(), v.copy(), 1), (5, 6), "one head")
    near(found, formulas.attend(q, k, v)[0], "one head is plain attention")


def _heads_loop(heads: Answer, rng: Generator) -> None:
    number = int(rng.choice([2, 3]))
    q, k, v = rng.normal(size=(3, 5, 6))
    found = array(heads(q.copy(), k.copy(), v.copy(), number), (5, 6), f"{number} heads")
    advice = "head h owns a block of neighbouring columns: reshape to (n, heads, d), then transpose"
    scores = [a @ b.T for a, b in zip(np.split(q, number, 1), np.split(k, number, 1), strict=True)]
    wide = [formulas.softmax(s / np.sqrt(6)) for s in scores]
    values = np.split(v, number, axis=1)
    if np.allclose(
        found, np.concatenate([a @ b for a, b in zip(wide, values, strict=True)], axis=1)
    ):
        advice = "divide by the root of the width of one head, not of all together"
    near(found, _loop_heads(q, k, v, number), f"{number} heads, against a loop", advice)


def _heads_alone(heads: Answer, rng: Generator) -> None:
    q, k, v = rng.normal(size=(3, 5, 6))
    other = k.copy()
    other[:, 3:] = rng.normal(size=(5, 3))
    once, again = (np.asarray(heads(q.copy(), x, v.copy(), 2)) for x in (k.copy(), other))
    given = "two heads, the keys of the second changed: output of the first"
    near(again[:, :3], once[:, :3], given, "heads do not share scores: each has its own softmax")


# 3.4 add_click(keys, values, token, matrices) -----------------------------------------------------


def _click_stream(
    add_click: Answer, rng: Generator, clicks: int = 6
) -> tuple[list[tuple[Array, Array, Array]], Array, list[Array]]:
    tokens = rng.normal(size=(clicks, 4))
    matrices = list(rng.normal(size=(3, 4, 3)))
    keys, values = np.zeros((0, 3)), np.zeros((0, 3))
    steps = []
    for number, token in enumerate(tokens, 1):
        found = add_click(keys.copy(), values.copy(), token.copy(), [w.copy() for w in matrices])
        if not isinstance(found, tuple | list) or len(found) != 3:
            raise Wrong("expected three things back: the output, the keys, the values")
        output = array(found[0], (3,), f"click {number}: the output")
        keys = array(found[1], (number, 3), f"click {number}: the keys")
        values = array(found[2], (number, 3), f"click {number}: the values")
        steps.append((output, keys, values))
    return steps, tokens, matrices


def _click_output(add_click: Answer, rng: Generator) -> None:
    steps, tokens, matrices = _click_stream(add_click, rng)
    q, k, v = formulas.project(tokens, *matrices)
    full, _ = formulas.attend(q, k, v, np.tril(np.ones((len(tokens),) * 2, bool)))
    outputs = np.array([output for output, _, _ in steps])
    unscaled = [formulas.softmax(k[: t + 1] @ q[t]) @ v[: t + 1] for t in range(len(tokens))]
    alone = [formulas.attend(q[t : t + 1], k[:t], v[:t])[0][0] for t in range(1, len(tokens))]
    advice = "W_Q makes the query, W_K the row for the keys, W_V the row for the values"
    if np.allclose(outputs, unscaled):
        advice = "divide the scores by the root of the length of a key"
    elif np.allclose(outputs[1:], alone):
        advice = "the new click sees itself too: add its key and value before it asks"
    for number, output in enumerate(outputs):
        near(output, full[number], f"output after click {number + 1}, against all again", advice)


def _click_cache(add_click: Answer, rng: Generator) -> None:
    steps, tokens, matrices = _click_stream(add_click, rng)
    _, k, v = formulas.project(tokens, *matrices)
    advice = "append one row at the end and leave the others"
    near(steps[-1][1], k, "the keys after the last click", advice)
    near(steps[-1][2], v, "the values after the last click", advice)


# 3.5 leaks(answer, x) -----------------------------------------------------------------------------


def _model(
    rng: Generator, offset: int = 0, centred: bool = False, place: int = 0
) -> Callable[[Any], Array]:
    """Sees ``offset`` inputs ahead; with ``place``, output 0 reads that input faintly."""
    w = rng.normal(size=(3, 4, 4)) / 2

    def answer(x: Any) -> Array:
        x = np.asarray(x, np.float64)
        if centred:
            x = x - x.mean(axis=1, keepdims=True)
        seen = np.tril(np.ones((x.shape[1],) * 2, bool), k=offset)
        z = x + formulas.attend(*formulas.project(x, *w), seen)[0]
        if place:
            z[:, 0] += 1e-3 * x[:, place]
        return np.asarray(z)

    return answer


def _verdict(leaks: Answer, model: Callable[[Any], Array], x: Array) -> bool:
    found = leaks(model, x.copy())
    if not isinstance(found, bool | np.bool_):
        raise Wrong(f"expected True or False; received {type(found).__name__}")
    return bool(found)


def _leak_good(leaks: Answer, rng: Generator) -> None:
    for _ in range(3):
        if _verdict(leaks, _model(rng), rng.normal(size=(2, 6, 4))):
            raise Wrong(
                "a causal model: expected False, received True",
                "output t may use inputs up to t, itself included: compare outputs before the edit",
            )


def _leak_found(
    what: str, advice: str, offset: int = 0, centred: bool = False, places: Sequence[int] = (0,) * 3
) -> Any:
    def test(leaks: Answer, rng: Generator) -> None:
        for place in places:
            model = _model(rng, offset, centred, place)
            if not _verdict(leaks, model, rng.normal(size=(2, 6, 4))):
                what_here = what.format(place)
                raise Wrong(f"{what_here}: expected True, received False", advice)

    return test


# 3.6 linear_step(state, query, key, value) --------------------------------------------------------


def _stream(step: Answer, q: Array, k: Array, v: Array) -> tuple[Array, list[int]]:
    state: Any = None
    outputs, sizes = [], []
    for number, row in enumerate(zip(q, k, v, strict=True), 1):
        found = step(state, *(part.copy() for part in row))
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise Wrong("expected two things back: the output and the new state")
        outputs.append(array(found[0], (v.shape[1],), f"step {number}: the output"))
        state = found[1]
        sizes.append(_numbers_in(state))
    return np.array(outputs), sizes


def _numbers_in(state: Any) -> int:
    if isinstance(state, dict):
        return sum(map(_numbers_in, state.values()))
    if isinstance(state, tuple | list):
        return sum(map(_numbers_in, state))
    return int(np.size(state))


def _linear_equal(step: Answer, rng: Generator) -> None:
    q, k, v = rng.normal(size=(7, 3)), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    found, _ = _stream(step, q, k, v)
    advice = "phi(x) = elu(x) + 1: x + 1 above 0, exp(x) below; for queries and keys alike"
    phi_q, phi_k = (np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))) for x in (q, k))
    if np.allclose(found, np.array([phi_q[i] @ (phi_k[: i + 1].T @ v[: i + 1]) for i in range(7)])):
        advice = "divide by the sum of the weights: carry the sum of phi(k) along as well"
    elif np.allclose(found[1:], [_linear_before(phi_q, phi_k, v, i) for i in range(1, 7)]):
        advice = "the new click sees itself too: add its key and value before it asks"
    near(found, formulas.linear_attention(q, k, v, causal=True), "a stream of seven", advice)


def _linear_before(phi_q: Array, phi_k: Array, v: Array, i: int) -> Array:
    """Output i of a stream that asks before it adds."""
    weights = phi_k[:i] @ phi_q[i]
    return np.asarray(weights @ v[:i] / weights.sum())


def _linear_state(step: Answer, rng: Generator) -> None:
    q, k, v = rng.normal(size=(30, 3)), rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    _, sizes = _stream(step, q, k, v)
    if sizes[-1] != sizes[1]:
        raise Wrong(
            f"the state holds {sizes[1]} numbers after 2 clicks and {sizes[-1]} after 30",
            "sums do not grow: keep S (d_k x d_v) and r (d_k), not the rows that went into them",
        )


EXERCISES = (
    Exercise(
        "3.1",
        "Who may see whom",
        1,
        {
            "nobody sees padding": _sees_no_padding,
            "nobody sees what comes after": _sees_no_future,
            "everything else is seen": _sees_the_rest,
        },
        (
            "Draw the square for a history of three with one place of padding: which cells stay?",
            "A lower triangle for the order, the mask across all rows for the padding.",
            "np.tril(np.ones((n, n), bool)) & mask[:, None, :]",
        ),
    ),
    Exercise(
        "3.2",
        "Attention as one function",
        1,
        {
            "with everything visible it is the equation": _attend_all,
            "what is hidden has no part in the sum": _attend_masked,
            "a query that sees nothing gets the zero vector": _attend_nothing,
        },
        (
            "The equation has two matrix products: which, and what stands between them?",
            "Scores Q @ K.T over the root of K.shape[-1]; then the softmax of chapter 2 with a mask"
            ", along the last axis.",
            "formulas.masked_softmax(scores, visible) @ V; or e = exp(scores) * visible, divided"
            " by its row sums where they are above 0.",
        ),
    ),
    Exercise(
        "3.3",
        "Heads without a loop",
        2,
        {
            "one head is plain attention": _heads_one,
            "several heads are what a loop over blocks of columns gives": _heads_loop,
            "no head knows of another": _heads_alone,
        },
        (
            "Which shape must Q have so that one matrix product serves every head?",
            "(n, heads * d) to (n, heads, d) to (heads, n, d), and the way back at the end.",
            "x.reshape(n, heads, -1).transpose(1, 0, 2); formulas.attend takes leading axes.",
        ),
    ),
    Exercise(
        "3.4",
        "One new click",
        2,
        {
            "each output is the last row of the full causal attention": _click_output,
            "keys and values grow by one row": _click_cache,
        },
        (
            "Which rows of Q, K and V change when a click is added at the end?",
            "Old keys and values stay; the new click asks once, over all keys and its own.",
            "keys = np.vstack([keys, token @ W_K]), values alike; then attend with the one query "
            "token @ W_Q.",
        ),
    ),
    Exercise(
        "3.5",
        "A leak test of your own",
        2,
        {
            "a causal model passes": _leak_good,
            "a missing mask is found": _leak_found(
                "a model without a mask",
                "edit something late and compare the outputs before it; edit, do not swap: a set "
                "does not notice a swap", offset=9),
            "a mask that is off by one is found": _leak_found(
                "a model that sees one item ahead",
                "compare up to the item just before the edit", offset=1),
            "a statistic over time is found": _leak_found(
                "a model that subtracts the mean over time",
                "change the sum of the inputs too: swapping two of them leaves a mean as it was",
                centred=True),
            "a leak of one output is found": _leak_found(
                "a model whose output 0 reads input {} of 0 to 5, faintly",
                "edit every input in turn, look at every output before it, and at changes however "
                "small", places=(5, 3, 1)),
        },
        (
            "If you change input s, which outputs of a causal model must not move?",
            "For each s: add noise to x[:, s], ask again, compare the answers at [:, :s].",
            "They must be equal to the last bit, or nearly: anything above 1e-9 is a leak.",
        ),
    ),
    Exercise(
        "3.6",
        "Linear attention as a stream",
        3,
        {
            "it gives what the formula gives": _linear_equal,
            "the state does not grow": _linear_state,
        },
        (
            "Which two sums over the past does the last equation of the chapter carry along?",
            "S gets the outer product of phi(key) and value, r gets phi(key); the first state is "
            "None.",
            "z = phi(q) @ S / (phi(q) @ r), where phi(x) = np.where(x > 0, x + 1, np.exp(x)).",
        ),
    ),
)  # fmt: skip
