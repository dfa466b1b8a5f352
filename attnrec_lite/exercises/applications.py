"""Checkers for the exercises of the chapter "Applications"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]

# 20.1 auction(bids, chances) ----------------------------------------------------------------------


def _sale(answer: Answer, bids: Array, chances: Array, given: str) -> tuple[int, float]:
    found = answer(bids.copy(), chances.copy())
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(
            f"{given}: expected the winner and the price; received {type(found).__name__}",
            "two things: return winner, price",
        )
    return int(array(found[0], (), given)), float(array(found[1], (), given))


def _bidders(rng: Generator, n: int = 5) -> tuple[Array, Array, str]:
    bids, chances = rng.uniform(1, 9, size=n).round(2), rng.uniform(0.01, 0.2, size=n).round(3)
    return bids, chances, f"bids {bids.tolist()}, chances {chances.tolist()}"


def _auction_winner(answer: Answer, rng: Generator) -> None:
    for highest_bid_wins in (False, True):  # both kinds of rows, so that no half rule passes
        while True:
            bids, chances, given = _bidders(rng)
            best = int(np.argmax(bids * chances))
            if highest_bid_wins == (best == np.argmax(bids)) and best != np.argmax(chances):
                break
        near(
            _sale(answer, bids, chances, given)[0],
            best,
            f"{given}: the winner",
            "a click that is paid well and hardly ever comes is worth little: rank bid * chance",
        )


def _auction_price(answer: Answer, rng: Generator) -> None:
    bids, chances, given = _bidders(rng)
    worth = np.sort(bids * chances)
    best = int(np.argmax(bids * chances))
    near(
        _sale(answer, bids, chances, given)[1],
        worth[-2] / chances[best],
        f"{given}: the price of a click",
        "the least bid with which the winner would still have won: b * p of the second, divided "
        "by the chance of the winner",
    )


def _auction_truth(answer: Answer, rng: Generator) -> None:
    bids, chances, given = _bidders(rng)
    best = int(np.argmax(bids * chances))
    first = _sale(answer, bids, chances, given)
    bids[best] *= 1.5
    near(
        _sale(answer, bids, chances, given)[1],
        first[1],
        f"{given}: the price after the winner has bid half as much again",
        "the winner's own bid must not be in the price: then it does not pay to bid anything else "
        "than what a click is worth",
    )


def _auction_alone(answer: Answer, rng: Generator) -> None:
    bid, chance = rng.uniform(1, 9, size=1), rng.uniform(0.01, 0.2, size=1)
    found = _sale(answer, bid, chance, "one bidder")
    near(found, (0, 0.0), "one bidder, nobody to outbid", "who is alone wins and pays nothing")


# 20.2 may_show(scores, allowed, k) ----------------------------------------------------------------


def _list(answer: Answer, scores: Array, allowed: NDArray[np.bool_], k: int, given: str) -> Array:
    found = np.asarray(answer(scores.copy(), allowed.copy(), k))
    if found.ndim != 1 or (found.size and not np.issubdtype(found.dtype, np.number)):
        raise Wrong(f"{given}: expected a flat list of places; received shape {found.shape}")
    return found


def _never(found: Array, allowed: NDArray[np.bool_], given: str, advice: str) -> None:
    outside = [int(i) for i in found if not 0 <= i < len(allowed)]
    if outside:
        raise Wrong(f"{given}: place {outside[0]} does not exist", "places are 0 to n - 1")
    bad = [int(i) for i in found if not allowed[int(i)]]
    if bad:
        raise Wrong(f"{given}: place {bad[0]} is forbidden and was shown", advice)


def _show_best(answer: Answer, rng: Generator) -> None:
    scores, allowed = rng.normal(size=9), np.arange(9) % 3 != int(rng.integers(3))
    given = f"scores {scores.round(1).tolist()}, allowed {np.flatnonzero(allowed).tolist()}, k = 3"
    order = np.argsort(-scores)
    found = _list(answer, scores, allowed, 3, given)
    _never(found, allowed, given, "drop what is forbidden first, and sort what is left")
    near(array(found, (3,), given), order[allowed[order]][:3], given, "best first")


def _show_extremes(answer: Answer, rng: Generator) -> None:
    for high in (np.inf, 1e300, 2e9):
        scores, allowed = rng.normal(size=6), rng.permutation(6) < 3
        forbidden = int(np.flatnonzero(~allowed)[0])
        scores[forbidden] = high
        given = f"place {forbidden} is forbidden and has the score {high}"
        _never(
            _list(answer, scores, allowed, 3, given),
            allowed,
            given,
            "a penalty is a number, and a larger one beats it: leave forbidden places out",
        )


def _show_few(answer: Answer, rng: Generator) -> None:
    scores, allowed = rng.normal(size=7), rng.permutation(7) < 2
    given = f"allowed {np.flatnonzero(allowed).tolist()}, k = 5"
    found = _list(answer, scores, allowed, 5, given)
    _never(found, allowed, given, "two are allowed, so two are shown: never fill a list up")
    if len(found) != 2:
        raise Wrong(f"{given}: expected 2 places; received {len(found)}", "show all that may be")
    found = _list(answer, scores, np.zeros(7, bool), 5, "nothing is allowed")
    if len(found):
        raise Wrong(
            f"nothing is allowed, and place {int(found[0])} was shown", "return an empty list"
        )


def _show_nan(answer: Answer, rng: Generator) -> None:
    scores, allowed = rng.normal(size=6), np.ones(6, bool)
    broken = rng.choice(6, size=2, replace=False)
    scores[broken] = np.nan
    given = f"the scores of places {sorted(broken.tolist())} are NaN, k = 6"
    found = _list(answer, scores, allowed, 6, given)
    _never(found, ~np.isnan(scores), given, "what is no number is no reason to show anything")
    if len(found) != 4:
        raise Wrong(f"{given}: expected 4 places; received {len(found)}", "show all that may be")


# 20.3 know(mastery, answers, slip, guess, learn) --------------------------------------------------


def _trace(mastery: float, answers: list[bool], slip: float, guess: float, learn: float) -> Array:
    path = []
    for right in answers:
        yes = mastery * ((1 - slip) if right else slip)
        no = (1 - mastery) * (guess if right else (1 - guess))
        mastery = yes / (yes + no)
        mastery = mastery + (1 - mastery) * learn
        path.append(mastery)
    return np.array(path)


def _numbers(rng: Generator) -> tuple[float, float, float, float]:
    low, high = (0.1, 0.05, 0.1, 0.1), (0.8, 0.2, 0.3, 0.4)
    m, s, g, t = (float(x) for x in rng.uniform(low, high).round(2))
    return m, s, g, t


def _know_path(answer: Answer, rng: Generator) -> None:
    (m, s, g, t), answers = _numbers(rng), [bool(x) for x in rng.permutation([1, 1, 1, 0, 0])]
    given = f"m = {m}, {answers}, slip {s}, guess {g}, learn {t}"
    right = _trace(m, answers, s, g, t)
    found = array(answer(m, list(answers), s, g, t), (5,), given)
    if np.allclose(found, _trace(m, answers, s, g, 0.0)) and t:
        raise Wrong(
            f"{given}: nothing was learned from practice",
            "after the answer comes the lesson: m + (1 - m) * learn",
        )
    near(
        found,
        right,
        given,
        "first what the answer says, by Bayes; then what the practice adds; the result is where "
        "the next answer starts",
    )


def _know_wrong(answer: Answer, rng: Generator) -> None:
    m, s, g, _ = _numbers(rng)
    given = f"m = {m}, one wrong answer, slip {s}, guess {g}, learn 0"
    found = array(answer(m, [False], s, g, 0.0), (1,), given)
    near(
        found[0],
        m * s / (m * s + (1 - m) * (1 - g)),
        given,
        "who knows slips with chance s, who does not misses with chance 1 - g",
    )


def _know_sure(answer: Answer, rng: Generator) -> None:
    _, s, g, t = _numbers(rng)
    found = array(answer(1.0, [False, False, True], s, g, t), (3,), "m = 1, wrong, wrong, right")
    near(found, np.ones(3), "m = 1, wrong, wrong, right", "one who knows for sure can only slip")


# 20.4 both_want(ours, theirs, k) ------------------------------------------------------------------


def _pairs(answer: Answer, ours: Array, theirs: Array, k: int, given: str) -> Array:
    return array(answer(ours.copy(), theirs.copy(), k), (len(ours), k), given)


def _want_best(answer: Answer, rng: Generator) -> None:
    ours, theirs = rng.uniform(0.05, 0.95, size=(20, 9)), rng.uniform(0.05, 0.95, size=(9, 20))
    given = "20 people, 9 on the other side, k = 3"
    found = _pairs(answer, ours, theirs, 3, given)
    if np.array_equal(found, np.argsort(-ours, axis=1)[:, :3]):
        raise Wrong(
            f"{given}: ranked by our side alone", "a match needs both: theirs is asked, too"
        )
    right = np.argsort(-ours * theirs.T, axis=1)[:, :3]
    near(
        found,
        right,
        given,
        "the chance of a match is the product of both; theirs has their people in its rows: "
        "turn it round",
    )


def _want_square(answer: Answer, rng: Generator) -> None:
    ours, theirs = rng.uniform(0.05, 0.95, size=(5, 5)), rng.uniform(0.05, 0.95, size=(5, 5))
    right = np.argsort(-ours * theirs.T, axis=1)[:, :3]
    given = "as many on either side, so that a table the wrong way round fits"
    near(
        _pairs(answer, ours, theirs, 3, given),
        right,
        given,
        "theirs[j, i] is what j thinks of i: the transposed one stands beside ours[i, j]",
    )


def _want_never(answer: Answer, rng: Generator) -> None:
    ours, theirs = rng.uniform(0.3, 0.6, size=(3, 5)), rng.uniform(0.3, 0.6, size=(5, 3))
    star = int(rng.integers(5))
    ours[:, star], theirs[star] = 1.0, 0.01
    given = f"everybody wants number {star}, who wants nobody; k = 4"
    if (_pairs(answer, ours, theirs, 4, given) == star).any():
        raise Wrong(
            f"{given}: shown all the same",
            "half of a wish is not half of a match: multiply, a mean lets one side make up for "
            "the other",
        )


# 20.5 helped(outcomes, treated, stratum) ----------------------------------------------------------


def _patients(
    rng: Generator, n: int = 4000
) -> tuple[Array, NDArray[np.bool_], NDArray[Any], float]:
    """The sick get the treatment more often; it helps everybody by the same amount."""
    effect = float(rng.uniform(0.5, 1.5))
    stratum = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    treated = rng.random(n) < np.array([0.1, 0.5, 0.9])[stratum]
    outcomes = effect * treated - 3.0 * stratum + rng.normal(size=n)
    return outcomes, treated, stratum, effect


def _adjusted(outcomes: Array, treated: NDArray[np.bool_], stratum: NDArray[Any]) -> float:
    total = 0.0
    for s in np.unique(stratum):
        mine = stratum == s
        gap = outcomes[mine & treated].mean() - outcomes[mine & ~treated].mean()
        total += mine.mean() * gap
    return float(total)


def _helped_sign(answer: Answer, rng: Generator) -> None:
    outcomes, treated, stratum, effect = _patients(rng)
    given = f"a treatment that helps by {effect:.2f} and is given to the sick"
    found = float(array(answer(outcomes, treated, stratum), (), given))
    raw = outcomes[treated].mean() - outcomes[~treated].mean()
    if np.isclose(found, raw):
        raise Wrong(
            f"{given}: {found:.2f}, which says that it harms",
            "the treated were sicker before: compare like with like, stratum by stratum",
        )
    near(
        found,
        _adjusted(outcomes, treated, stratum),
        given,
        "a difference in each stratum, weighted by how many of all people are in it",
    )


def _helped_weights(answer: Answer, rng: Generator) -> None:
    few, many = int(rng.integers(2, 5)), int(rng.integers(20, 40))
    sizes = [(0, True, few), (0, False, many), (1, True, many), (1, False, few), (1, False, many)]
    stratum = np.repeat([s for s, _, _ in sizes], [n for *_, n in sizes])
    treated = np.repeat([t for _, t, _ in sizes], [n for *_, n in sizes])
    outcomes = treated * np.where(stratum == 0, 1.0, 4.0)
    given = f"an effect of 1 in {few + many} people, of 4 in {few + 2 * many}"
    near(
        float(array(answer(outcomes, treated, stratum), (), given)),
        _adjusted(outcomes, treated, stratum),
        given,
        "each stratum counts as many times as it has people, treated or not",
    )


def _helped_refused(answer: Answer, rng: Generator) -> None:
    stratum = np.repeat([0, 1], 10)
    treated = np.concatenate([rng.permutation(10) < 5, np.ones(10, bool)])
    try:
        found = answer(rng.normal(size=20), treated, stratum)
    except ValueError:
        return
    raise Wrong(
        f"a stratum in which everybody was treated: expected a ValueError; received {found!r}",
        "nobody there shows what would have happened without: refuse, do not guess",
    )


# 20.6 answer_from(confidence, wrong, most) --------------------------------------------------------

MOST, DRAWS = 0.1, 60


def _answers(rng: Generator, n: int) -> tuple[Array, NDArray[np.bool_]]:
    """Confidences from 0 to 1, and errors that fall from one half to one in a hundred."""
    confidence = rng.random(n)
    return confidence, rng.random(n) < 0.5 * (1 - confidence) ** 1.2 + 0.01


def _true_risk(bound: float) -> float:
    at = np.linspace(min(max(bound, 0.0), 0.9999), 1, 4001)
    return float(np.mean(0.5 * (1 - at) ** 1.2 + 0.01))


def _bounds(answer: Answer, rng: Generator) -> list[float]:
    found = []
    for _ in range(DRAWS):
        given = "1,000 past answers"
        confidence, wrong = _answers(rng, 1000)
        found.append(float(array(answer(confidence, wrong, MOST), (), given)))
    return found


def _abstain_keeps(answer: Answer, rng: Generator) -> None:
    broken = sum(_true_risk(bound) > MOST for bound in _bounds(answer, rng))
    if broken > DRAWS // 5:
        raise Wrong(
            f"in {broken} of {DRAWS} draws the errors among new answers are above {MOST}",
            "the share that you have seen is a sample: ask of an upper limit of it, not of itself, "
            "that it is low enough",
        )


def _abstain_speaks(answer: Answer, rng: Generator) -> None:
    share = np.mean([1 - min(max(bound, 0.0), 1.0) for bound in _bounds(answer, rng)])
    if share < 0.2:
        raise Wrong(
            f"answers {share:.0%} of the questions, where nearly half could be",
            "silence is safe and useless: of all bounds that pass, take the lowest",
        )


def _abstain_none(answer: Answer, rng: Generator) -> None:
    confidence, wrong = rng.random(200), np.ones(200, bool)
    found = float(array(answer(confidence, wrong, MOST), (), "200 answers, all wrong"))
    if not found > confidence.max():
        raise Wrong(
            f"200 answers, all wrong: expected a bound above every confidence; received {found}",
            "no bound passes: return infinity, and nothing is answered",
        )


EXERCISES = (
    Exercise(
        "20.1",
        "The price of a place",
        1,
        {
            "bid and chance decide together": _auction_winner,
            "the price is the least bid that still wins": _auction_price,
            "one's own bid is not in the price": _auction_truth,
            "who is alone pays nothing": _auction_alone,
        },
        (
            "Two bids: 9 with a chance of .01, and 2 with a chance of .1. Which place is worth "
            "more to the page?",
            "Rank by worth = bids * chances. The winner pays so much a click that its own worth "
            "equals that of the second.",
            "order = np.argsort(-worth); price = worth[order[1]] / chances[order[0]]; with one "
            "bidder 0.",
        ),
    ),
    Exercise(
        "20.2",
        "Never shown",
        1,
        {
            "the best of what is allowed, best first": _show_best,
            "no score buys a forbidden place": _show_extremes,
            "a short list stays short": _show_few,
            "what is no number is not shown": _show_nan,
        },
        (
            "Which score would a forbidden item need to pass a penalty of a billion?",
            "Do not change the scores. First collect the places that may be shown, then sort "
            "these alone.",
            "places = np.flatnonzero(allowed & ~np.isnan(scores)); sort places by -scores[places] "
            "and cut at k.",
        ),
    ),
    Exercise(
        "20.3",
        "What an answer says",
        2,
        {
            "a wrong answer may be a slip": _know_wrong,
            "who knows for sure can only slip": _know_sure,
            "answer by answer, with practice": _know_path,
        },
        (
            "How can somebody who knows be wrong, and somebody who does not be right?",
            "By Bayes: known * P(answer | known), divided by the same plus the other case. Then "
            "practice takes away a share of what is missing.",
            "A right answer: yes = m * (1 - slip), no = (1 - m) * guess; a wrong one: yes = m * "
            "slip, no = (1 - m) * (1 - guess); m = yes / (yes + no); m = m + (1 - m) * learn.",
        ),
    ),
    Exercise(
        "20.4",
        "Both must want it",
        2,
        {
            "both sides are asked": _want_best,
            "the tables stand the right way round": _want_square,
            "a wish of one side is no match": _want_never,
        },
        (
            "What is the chance that both say yes?",
            "ours has a row for each of us, theirs a row for each of them: bring them into the "
            "same order.",
            "np.argsort(-ours * theirs.T, axis=1)[:, :k]",
        ),
    ),
    Exercise(
        "20.5",
        "Like with like",
        2,
        {
            "a cure given to the sick is no harm": _helped_sign,
            "strata count by their people": _helped_weights,
            "without a comparison there is no answer": _helped_refused,
        },
        (
            "Who was treated, and how were they before?",
            "In each stratum, the mean of the treated less the mean of the others; then a mean of "
            "these differences.",
            "Weight each difference by the share of all people in the stratum; raise ValueError "
            "where a stratum lacks one of the two groups.",
        ),
    ),
    Exercise(
        "20.6",
        "When to say nothing",
        3,
        {
            "the promise holds for new answers": _abstain_keeps,
            "it does not buy safety by silence": _abstain_speaks,
            "if nothing is good enough, nothing is said": _abstain_none,
        },
        (
            "You saw 3 errors among 30 answers. Would you bet that the next thousand have one in "
            "ten?",
            "For a bound c take the n answers above it, their share of errors r, and an upper "
            "limit such as r + z * sqrt(r (1 - r) / n), or Wilson's, with z of 2.",
            "Sort by confidence, walk down, keep the lowest confidence at which Wilson's upper "
            "limit is at most the promise; infinity if none is.",
        ),
    ),
)
