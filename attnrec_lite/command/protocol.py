"""Three rankings of one model in one pass over the users: a hundred items, all, all unseen ones.

Papers on sequences rank the target among a hundred random items, libraries among all, shops leave
out what the user has. The figures of one model differ by a factor of five and more (see the chapter
"Evaluation"), so the command prints all three side by side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data.negatives import sample_negatives
from attnrec_lite.data.split import Split
from attnrec_lite.evaluation.ranking import places, ranking_metrics
from attnrec_lite.models.base import PIECE, Recommender

Figures = dict[str, float | None]
AT_A_TIME = 256  # histories, so that a long window does not fill the memory
DRAWN_AT_A_TIME = 2**15  # users to draw negatives for: a draw takes 24 bytes on its way


def three_rankings(
    model: Recommender, split: Split, number: int = 100, seed: int = 0
) -> dict[str, Figures]:
    """Hit rate and NDCG at 10 by the protocols of SASRec's paper, of libraries and of shops.

    Args:
        model: fitted on ``split.train``.
        split: one test target per user; the history of a test target holds the validation item.
        number: negatives of the sampled ranking.
        seed: of the negatives.

    Returns:
        ``hr10`` and ``ndcg10`` of three rankings. ``sampled``: the target and ``number`` items,
        uniform and with replacement, that the user has neither in training nor as the target; the
        validation item may be among them, as in the program of SASRec's authors. ``full``: every
        item, the history too. ``full_unseen``: what is in the history has left the ranking, except
        a target that is in it. A user who has met every item has no negatives and takes no part in
        ``sampled``; its figures are None if that is so for all.

    Source: Kang and McAuley (2018), section IV-B, for the sampled ranking.

    >>> from attnrec_lite.data import Interactions, leave_one_out
    >>> from attnrec_lite.models import Popularity
    >>> log = Interactions.from_columns([0] * 3 + [1] * 4, [1, 2, 3, 1, 1, 2, 4], range(7))
    >>> split = leave_one_out(log)
    >>> three_rankings(Popularity(log.items).fit(split.train), split)["full"]["hr10"]
    1.0
    """
    whole("number", number)
    negatives, has_any = _negatives(split, number, seed)
    found: dict[str, list[NDArray[np.int64]]] = {"sampled": [], "full": [], "full_unseen": []}
    rows = min(AT_A_TIME, max(1, PIECE // (model.n_items + 1)))
    for start in range(0, len(split.test), rows):
        piece = slice(start, start + rows)
        history, target = split.test.history(piece), split.test.item[piece]
        scores = model.score_all(history)
        line = np.column_stack([np.zeros_like(target), target, negatives[piece]])  # 0 is padding
        among = np.take_along_axis(scores, line, axis=1)[has_any[piece]]
        first = np.ones(len(among), np.int64)
        found["sampled"].append(np.stack(places(among, first), axis=1))
        found["full"].append(np.stack(places(scores, target), axis=1))
        found["full_unseen"].append(np.stack(places(scores, target, seen=history), axis=1))
    return {name: _figures(np.concatenate(parts)) for name, parts in found.items()}


def _negatives(split: Split, number: int, seed: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Items for each test target, and for which targets there are any; padding where not."""
    log, test = split.test.log, split.test
    keep = np.ones(len(log), bool)
    keep[split.validation.row] = False
    taken = log.select(keep)  # training and test rows
    pairs = np.unique(taken.user.astype(np.int64) * (log.n_items + 1) + taken.item)
    met = np.bincount(pairs // (log.n_items + 1), minlength=log.n_users)[test.user]
    has_any = met < log.n_items
    drawn = np.zeros((len(test), number), np.int32)
    rows = np.searchsorted(taken.user, test.user[has_any])  # any row of a user says who it is
    chosen = np.flatnonzero(has_any)
    for first in range(0, len(rows), DRAWN_AT_A_TIME):
        some = slice(first, first + DRAWN_AT_A_TIME)
        drawn[chosen[some]] = sample_negatives(taken, number, seed=(seed, first), rows=rows[some])
    return drawn, has_any


def _figures(beaten_and_tied: NDArray[np.int64]) -> Figures:
    if len(beaten_and_tied) == 0:
        return {"hr10": None, "ndcg10": None}
    gains = ranking_metrics(beaten_and_tied[:, 0], beaten_and_tied[:, 1], k=10)
    return {f"{name}10": round(float(gains[name].mean()), 6) for name in ("hr", "ndcg")}
