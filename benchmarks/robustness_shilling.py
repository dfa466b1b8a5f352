"""Made-up users: what they move, and who finds them; run by ``robustness.py``.

``shilling``: raters of MovieLens push a film that few have rated; the target is another for each
seed. ``detectors``: the same raters, at three sizes of profile, looked for by four detectors.
``sessions``: made-up sessions of the shop in which a rare item follows everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from attnrec_lite.data import Interactions, make_shop, movielens
from attnrec_lite.data.split import leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.formulas import prediction_shift, target_hits
from attnrec_lite.formulas.shilling import ATTACKS
from attnrec_lite.models import BPR, EASE, ItemKNN, Popularity, QKVRecommender, Successors
from attnrec_lite.robustness import (
    DETECTORS,
    detection,
    item_rating,
    neighbour_ratings,
    push_clicks,
    shill,
    suspicion,
)
from attnrec_lite.robustness.defences import MEANS
from attnrec_lite.robustness.detectors import rating_table

ACTIVE = 20  # fewest ratings of a film, and of a person
PUSHED = (20, 40)  # ratings of the film that is pushed
SHARES = (0.01, 0.05)  # made-up users, of the honest ones
FILLERS = (20, 70, 200)  # films that a made-up rater rates besides; 70 is what people do
SHOP: dict[str, Any] = {"n_users": 600}
ATTENTION: dict[str, Any] = {"width": 32, "window": 30}
EPOCHS = 15
Row = dict[str, Any]


@cache
def films() -> Interactions:
    """MovieLens with its ratings, without films and people of few."""
    return movielens().keep_active(min_user=ACTIVE, min_item=ACTIVE)


def pushed(log: Interactions, seed: int) -> int:
    """A film that few have rated."""
    count = np.bincount(log.item, minlength=log.n_items + 1)
    few = np.flatnonzero((count >= PUSHED[0]) & (count <= PUSHED[1]))
    return int(np.random.default_rng(seed).choice(few))


def shilling(seed: int) -> Iterator[Row]:
    """How far raters lift a film: in its mean rating, in predictions, and on lists."""
    log = films()
    target = pushed(log, seed)
    table = rating_table(log)
    others = np.flatnonzero(np.isnan(table[:, target - 1]))
    before = neighbour_ratings(table, target - 1, others)
    shown = {kind: _hits(kind, log, target, log.n_users) for kind in (ItemKNN, EASE)}
    for kind in ATTACKS:
        for share in SHARES:
            many = max(1, round(share * log.n_users))
            bad = shill(log, kind, target, many, FILLERS[1], seed)
            after = neighbour_ratings(rating_table(bad.log), target - 1, others)
            row: Row = {"kind": kind, "profiles": many, "share": share}
            row["raters"] = int((log.item == target).sum())
            row |= {f"shift of {how}": _shift(log, bad.log, target, how) for how in MEANS}
            row["shift of neighbours"] = prediction_shift(before, after)
            for model, was in shown.items():
                row[f"hits of {model.name}"] = was
                row[f"hits of {model.name} after"] = _hits(model, bad.log, target, log.n_users)
            yield row


def detectors(seed: int) -> Iterator[Row]:
    """Area under the curve, and raters caught at 1 % and 5 % of false alarms."""
    log = films()
    many = round(SHARES[1] * log.n_users)
    for kind in ATTACKS:
        for filler in FILLERS:
            bad = shill(log, kind, pushed(log, seed), many, filler, seed)
            for name in DETECTORS:
                found = detection(suspicion(bad.log, name, seed), bad.fake)
                yield {
                    "kind": kind, "filler": str(filler), "detector": name, "profiles": many,
                    "auc": found.auc, "at_1": found.at_1, "at_5": found.at_5,
                }  # fmt: skip


def sessions(seed: int) -> Iterator[Row]:
    """Share of honest lists that show the pushed item, before and after made-up sessions."""
    split = leave_one_out(make_shop(seed=seed, **SHOP).log)
    log = split.train
    count = np.bincount(log.item, minlength=log.n_items + 1)[1:]
    rare = np.flatnonzero((count > 0) & (count <= np.quantile(count, 0.25))) + 1
    target = int(np.random.default_rng(seed).choice(rare))
    kinds = (Popularity, Successors, ItemKNN, EASE, BPR, QKVRecommender)
    for share in (0.0, *SHARES):
        many = round(share * log.n_users)
        bad = push_clicks(log, target, many, seed=seed).log if many else log
        for kind in kinds:
            model = _fitted(kind, bad, seed)
            lists = model.recommend(split.test.history(), 10)[0]
            yield {
                "model": model.name, "profiles": many, "share": share,
                "hits": target_hits(lists, target, log.n_items),
                "ndcg@10": evaluate(model, split.test).mean("ndcg@10"),
            }  # fmt: skip


def _fitted(kind: Any, log: Interactions, seed: int) -> Any:
    if kind is QKVRecommender:
        return kind(log.items, seed=seed, **ATTENTION).fit(log, epochs=EPOCHS)
    return (kind(log.items, seed=seed) if kind is BPR else kind(log.items)).fit(log)


def _hits(kind: Any, log: Interactions, target: int, honest: int) -> float:
    """Share of the honest people who have not rated the target whose ten best show it."""
    model = kind(log.items).fit(log)
    bounds = log.bounds()
    longest = int(np.diff(bounds)[:honest].max())
    history = np.zeros((honest, longest), np.int32)
    for user in range(honest):
        mine = log.item[bounds[user] : bounds[user + 1]]
        history[user, longest - len(mine) :] = mine
    new = ~(history == target).any(axis=1)
    return target_hits(model.recommend(history[new], 10)[0], target, log.n_items)


def _shift(log: Interactions, bad: Interactions, target: int, how: str) -> float:
    """Stars that a film gains."""
    assert log.value is not None
    assert bad.value is not None
    overall = float(log.value.mean())
    was = item_rating(log.value[log.item == target], how, overall)
    return item_rating(bad.value[bad.item == target], how, overall) - was
