"""What a trained model looks at, and what it needs: figure ``fig-moving-xray`` of chapter 17.

In ``models.TargetAttention`` each candidate asks the history for itself. Its scores fall into
parts that can be asked for one at a time: how loud a film is for a candidate, how loud "so long
ago" is, and what the film says where it is the whole history. From these the page works out every
history that can be made by taking films away; nothing else of the model is needed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attnrec_lite import data as sets
from attnrec_lite import explain, models
from attnrec_lite.data.sequences import left_pad

VIEWERS, FILMS, SHOWN = 8, 8, 5
FAINT = 1e-30  # a weight that no float of the model tells from none
TITLE = re.compile(r"^(.*?)(?:, (The|A|An))?(?: \([^()]*\))*$")


class Trained(NamedTuple):
    """A model and the viewers whose histories it is shown."""

    model: models.TargetAttention
    histories: NDArray[np.int32]  # (viewers, FILMS), newest last
    rated: list[NDArray[np.int32]]  # all that each viewer rated, never recommended


@cache
def trained() -> Trained:
    """Train one model on MovieLens and choose viewers whose films many readers know."""
    log = sets.load("movielens")
    split = sets.leave_one_out(log)
    model = models.TargetAttention(log.items, width=64, window=FILMS, negatives=128, seed=0)
    model.fit(split.train, epochs=7)
    whole = split.test.history()
    full = whole[whole[:, -FILMS] > 0]
    newest = full[:, -FILMS:]
    seen = np.bincount(split.train.item, minlength=len(log.items) + 1)
    chosen: list[int] = []
    for row in np.argsort(-seen[newest].min(axis=1), kind="stable"):
        if all(len(np.intersect1d(newest[row], newest[other])) < 3 for other in chosen):
            chosen.append(int(row))  # and no two that watched the same films
    chosen = chosen[:VIEWERS]
    return Trained(model, newest[chosen], [row[row > 0] for row in full[chosen]])


def subsets(history: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return what is left of a history in each state: film j is kept where bit j is set."""
    bits = np.arange(2 ** len(history))[:, np.newaxis] >> np.arange(len(history)) & 1
    return left_pad([history[kept > 0] for kept in bits], len(history))


def data() -> dict[str, Any]:
    """Return for each viewer the films, the candidates, and the parts of their scores."""
    model, histories, rated = trained()
    same = np.repeat(histories[:1, :1], FILMS, axis=1)  # one film all along: only time tells
    ago = np.log(model.attention(same, [[1]]).weights[0, 0, ::-1])
    viewers = [viewer(model, *pair, ago) for pair in zip(histories, rated, strict=True)]
    return {"ago": digits(ago - ago[0]), "others": model.n_items - 1, "viewers": viewers}


def viewer(
    model: models.TargetAttention,
    history: NDArray[np.int32],
    rated: NDArray[np.int32],
    ago: NDArray[np.float64],
) -> dict[str, Any]:
    """Return one viewer's films, newest first, and what they are to each candidate."""
    scores = model.score_all(subsets(history))
    means = scores[:, 1:].mean(axis=1, dtype=np.float64)
    open_to = scores.copy()
    open_to[:, rated] = -np.inf
    offered = np.unique(np.argsort(-open_to, axis=1, kind="stable")[:, :SHOWN])
    weights = model.attention([history], [offered]).weights[0][:, ::-1]
    loud = np.log(np.maximum(weights, FAINT)) - ago
    alone = model.score(history[::-1, np.newaxis], np.tile(offered, (FILMS, 1)))
    nobody = model.score([[0]], [offered])[0]
    order = bits_reversed(len(history))
    return {
        "films": [title(model, film) for film in history[::-1]],
        "candidates": [title(model, film) for film in offered],
        "loud": digits(loud - loud.max(axis=1, keepdims=True), 3),
        "says": digits((alone - nobody).T, 3),
        "start": digits(nobody, 3),
        "means": digits(means[order], 3),
    }


def bits_reversed(n: int) -> NDArray[np.int64]:
    """Return the states in the order in which bit 0 is the newest film."""
    bits = np.arange(2**n)[:, np.newaxis] >> np.arange(n) & 1
    return bits @ (1 << np.arange(n)[::-1])


def digits(numbers: Any, places: int = 4) -> Any:
    """Return plain rounded numbers."""
    return (np.asarray(numbers, np.float64).round(places) + 0.0).tolist()


def title(model: models.TargetAttention, film: int) -> str:
    """Return a film's name as it is spoken: without year, article in front."""
    found = TITLE.match(str(model.items.title(int(film))))
    name, article = found.groups() if found else (str(film), None)
    return f"{article} {name}" if article else name


def table(data: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return weight and effect of each film for the first viewer's first recommendation."""
    model, histories, rated = trained()
    history = histories[0]
    scores = model.score_all([history])
    scores[:, rated[0]] = -np.inf
    item = int(scores[0].argmax())
    weights = model.attention([history], [[item]]).weights[0, 0, ::-1]
    _, effects = explain.left_out(model, history, item)
    rows = zip(data["viewers"][0]["films"], weights, effects, strict=True)
    cells = [
        [name, f"{w:.2f}", f"{effect + 0.0:.2f}".replace("-", "−")] for name, w, effect in rows
    ]
    return ["film, newest first", "weight", "margin lost"], cells
