"""Evaluate a recommender: every target against the catalogue, with the protocol in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.evaluation.candidates import AmongAll, AmongSampled, Sampled
from attnrec_lite.evaluation.protocol import Protocol
from attnrec_lite.evaluation.ranking import Counts
from attnrec_lite.evaluation.results import Evaluation
from attnrec_lite.evaluation.ties import Levels, area_under_curve, list_metrics
from attnrec_lite.models.base import Recommender


class Cases:
    """A holdout as rankings: for each case a history and the items that are relevant to it.

    Args:
        holdout: targets with their histories; an item that is a target of a case twice, because it
            was bought twice, is relevant once.
    """

    def __init__(self, holdout: Holdout) -> None:
        self.holdout = holdout
        number = holdout.case()
        _, self.first = np.unique(number, return_index=True)  # a target of each case
        pairs = np.unique(number * (holdout.log.n_items + 1) + holdout.item)
        self.case, target = np.divmod(pairs, holdout.log.n_items + 1)
        self.target = target.astype(np.int32)
        begin = holdout.log.bounds()[holdout.user[self.first]]
        self.history_length = holdout.known[self.first] - begin

    def __len__(self) -> int:
        return len(self.first)

    def batches(
        self, batch: int, progress: bool = False
    ) -> Iterator[tuple[NDArray[np.int32], Counts, NDArray[np.int32]]]:
        """Histories of some cases, and their targets with the row of each."""
        starts = range(0, len(self), whole("batch", batch))
        bar = _bar(len(starts)) if progress else None
        for start in starts:
            stop = min(start + batch, len(self))
            inside = slice(*np.searchsorted(self.case, [start, stop]))
            history = self.holdout.history(self.first[start:stop])
            yield history, self.case[inside] - start, self.target[inside]
            if bar is not None:
                bar.add(1)

    def protocol(self, candidates: str, exclude_seen: bool) -> Protocol:
        """What was asked: these cases, and whom their targets competed with."""
        history = "removed" if exclude_seen else "kept"
        return Protocol(self.holdout.rule, len(self.target), len(self), candidates, history)


def evaluate(
    model: Recommender,
    holdout: Holdout,
    k: int | Sequence[int] = 10,
    exclude_seen: bool = True,
    batch: int = 256,
    candidates: Sampled | None = None,
    progress: bool = False,
) -> Evaluation:
    """Rank the catalogue for every history and ask where the targets stand.

    Args:
        model: any recommender of the contract.
        holdout: targets with their histories. Targets with one history are relevant together; a
            user without a target is in no mean. A target that the model has never seen takes part.
        k: length of the list, or several lengths.
        exclude_seen: leave everything that the user met before the cut out of the ranking, as a
            shop does that does not sell the same thing twice.
        batch: cases scored at a time; changes nothing but the memory.
        candidates: rank among sampled items only; the whole catalogue by default.
        progress: show a bar.

    Returns:
        ``hr``, ``recall``, ``precision``, ``f1``, ``ndcg``, ``mrr`` and ``map`` at each k (see
        ``list_metrics``) and ``auc`` for each case, and the protocol in words.

    Raises:
        ValueError: if there is no target, the vocabularies differ, scores are not finite, or a
            number is out of range.
    """
    cuts = check_cuts(k)
    check_question(model, holdout)
    cases = Cases(holdout)
    rank: AmongAll | AmongSampled = AmongAll(model, exclude_seen)
    if candidates is not None:
        rank = AmongSampled(model, exclude_seen, candidates, holdout.log)
    found = [rank(*part) for part in cases.batches(batch, progress)]
    beaten, tied, ranked = (np.concatenate(column) for column in zip(*found, strict=True))
    levels = Levels.of(cases.case, beaten, tied, ranked)
    per_user: dict[str, Floats] = {}
    for cut in cuts:
        per_user |= {f"{name}@{cut}": v for name, v in list_metrics(levels, cut).items()}
    per_user["auc"] = area_under_curve(levels)
    drawn = ranked - np.bincount(cases.case)
    protocol = cases.protocol(rank.words(drawn), exclude_seen)
    return Evaluation(
        model.name, protocol, per_user, cases.history_length, cases.target, cases.case
    )


def check_cuts(k: int | Sequence[int]) -> tuple[int, ...]:
    """Return one or several list lengths as a tuple.

    Raises:
        ValueError: if there is none, one is below 1, or one is repeated.
    """
    cuts = tuple(k) if isinstance(k, Sequence | np.ndarray) else (k,)
    if not cuts or len(set(cuts)) < len(cuts):
        raise ValueError(f"k: expected one or several different lengths; received {k!r}")
    return tuple(whole("k", cut) for cut in cuts)


def check_question(model: Recommender, holdout: Holdout) -> None:
    """Refuse a holdout without targets or of another catalogue.

    Raises:
        ValueError: if there is no target, or the vocabularies differ.
    """
    if len(holdout) == 0:
        raise ValueError("holdout: expected at least one target; received none")
    check_catalogue(model, "holdout", holdout.log)


def check_catalogue(model: Recommender, name: str, log: Interactions) -> None:
    """Refuse a model of other items than those of a log: its ids would mean something else.

    Raises:
        ValueError: if the vocabularies differ.
    """
    if not np.array_equal(model.items.raw, log.items.raw):
        raise ValueError(
            f"model: expected the catalogue of the {name}, {log.n_items} items; "
            f"received one of {model.n_items} with other raw ids"
        )


def _bar(steps: int) -> Any:
    """A progress bar; Keras is imported only for it."""
    import keras

    return keras.utils.Progbar(steps)
