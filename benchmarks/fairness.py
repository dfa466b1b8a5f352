"""Who is shown and who is served, and what it costs to change it, on the shop and on MovieLens.

``rerank``: MMR, calibrated lists and a least share for the tail, by their trade-off: NDCG@10,
diversity, distance from the mixture of the history, exposure. ``steer``: exposure of providers
pushed towards what they sold, or towards equal shares for equal goods. ``popularity``: how much
more popular lists are than histories, by model and by taste of the user. ``groups``: NDCG@10 by
group of users, with tests corrected for their number.

There are no providers in either log: items that hold the first third of the rows stand for the
large ones, the next third for the middle, the rest for the small ones. A seed is another shop, and
another 500 people of MovieLens.

Run: ``python benchmarks/fairness.py 0 1 2 3 4``; as ``robustness.py``. Writes ``fairness.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from robustness import ATTENTION as SIZES
from robustness import EPOCHS, Part, Row, film_split, measure, show
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.command.train import one_core
from attnrec_lite.data import make_shop
from attnrec_lite.data.movielens import film_genres
from attnrec_lite.data.split import Split, leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.evaluation.beyond import coverage, gini_of_lists, intra_list_diversity
from attnrec_lite.evaluation.significance import paired_permutation
from attnrec_lite.fairness import (
    evaluate_calibration,
    evaluate_given,
    kind_shares,
    popularity_lifts,
    popularity_shares,
    provider_exposure,
    quality_by_group,
    rerank,
    steer,
    users_by_popularity,
)
from attnrec_lite.formulas import quality_gap
from attnrec_lite.models import BPR, EASE, ItemKNN, Popularity, QKVRecommender, Recommender

SHOP: dict[str, Any] = {"n_users": 600}
DEPTH, K = 50, 10
TRADES = {
    "mmr": (1.0, 0.9, 0.7, 0.5, 0.3),
    "calibrated": (0.0, 0.3, 0.5, 0.7, 0.9, 0.99),
    "share": (0.0, 0.2, 0.4, 0.6),
}
STRENGTHS = (0.0, 0.5, 1.0, 2.0, 5.0)
SIZES_OF_PROVIDERS = ("large", "middle", "small")
TASTES = ("niche", "diverse", "blockbuster")


class Scene(NamedTuple):
    """A split, and what is known about its items and people.

    Attributes:
        split: of leave-one-out.
        shares: kinds in each item, ``(N + 1, G)``.
        provider: large, middle or small, ``(N + 1,)``.
        taste: of each case's user for what is popular.
        attention: whether an attention model is fitted, too.
    """

    split: Split
    shares: Any
    provider: Any
    taste: Any
    attention: bool


def scenes(seed: int) -> Iterator[tuple[str, Scene]]:
    """The shop with its categories, MovieLens with its genres."""
    yield "shop", shop_scene(seed)
    yield "movielens", film_scene(seed)


@cache
def shop_scene(seed: int) -> Scene:
    """A made-up shop."""
    shop = make_shop(seed=seed, **SHOP)
    split = leave_one_out(shop.log)
    shares = kind_shares(shop.category, len(shop.category_names))
    return Scene(split, shares, *_known(split), True)


@cache
def film_scene(seed: int) -> Scene:
    """Films that 500 people liked."""
    split = film_split(seed)
    genres = film_genres()
    kinds = [genres[int(film)] for film in split.train.items.raw]
    names = sorted({name for some in kinds for name in some})
    shares = np.zeros((len(kinds) + 1, len(names)))
    for item, some in enumerate(kinds, start=1):
        for name in some:
            shares[item, names.index(name)] = 1 / len(some)
    return Scene(split, shares, *_known(split), False)


def _known(split: Split) -> tuple[Any, Any]:
    """Providers by the rows of their items, users by how popular their items are."""
    count = np.bincount(split.train.item, minlength=split.train.n_items + 1)
    order = np.argsort(-count[1:], kind="stable") + 1
    before = np.cumsum(count[order]) - count[order]
    provider = np.zeros(len(count), np.int64)
    provider[order] = np.minimum(3 * before // max(1, count.sum()), 2)
    taste = users_by_popularity(split.test.history(), popularity_shares(split.train))
    return provider, taste


def base(scene: Scene, seed: int) -> Recommender:
    """The model whose lists are re-ranked."""
    return list(models(scene, seed))[-1 if scene.attention else 2]


@cache
def _fitted(scene_name: str, seed: int) -> tuple[Recommender, ...]:
    scene = {"shop": shop_scene, "movielens": film_scene}[scene_name](seed)
    log = scene.split.train
    found: list[Recommender] = [kind(log.items).fit(log) for kind in (Popularity, ItemKNN, EASE)]
    found.append(BPR(log.items, seed=seed).fit(log))
    if scene.attention:
        found.append(QKVRecommender(log.items, seed=seed, **SIZES).fit(log, epochs=EPOCHS))
    return tuple(found)


def models(scene: Scene, seed: int) -> tuple[Recommender, ...]:
    """One of each, fitted once."""
    return _fitted("shop" if scene.attention else "movielens", seed)


def figures(scene: Scene, lists: Any) -> tuple[Row, Any]:
    """Everything about some lists, and the NDCG of each user."""
    test, n = scene.split.test, scene.split.train.n_items
    found = evaluate_given(lists, test, K, "lists")
    calibration = evaluate_calibration(lists, test.history(), scene.shares)
    sold = np.bincount(scene.provider[scene.split.train.item], minlength=3)
    goods = np.bincount(scene.provider[1:], minlength=3)
    by_sold = provider_exposure(lists, scene.provider, sold)
    by_goods = provider_exposure(lists, scene.provider, goods)
    row = {
        "ndcg@10": found.mean("ndcg@10"),
        "diversity": float(intra_list_diversity(lists, scene.shares).mean()),
        "divergence": calibration.mean,
        "lost": float(np.nanmean(calibration.lost)),
        "coverage": coverage(lists, n),
        "gini": gini_of_lists(lists, n),
        "small shown": float(by_sold.shown[2]),
        "small sold": float(by_sold.merit[2]),
        "small goods": float(by_goods.merit[2]),
        "disparity to sold": by_sold.disparity,
        "disparity to goods": by_goods.disparity,
    }
    return row, found.per_user["ndcg@10"]


def reranked(seed: int) -> Iterator[Row]:
    """Three rules at several trade-offs, and the price of each."""
    for data, scene in scenes(seed):
        model, history = base(scene, seed), scene.split.test.history()
        ids, scores = model.recommend(history, DEPTH)
        first = figures(scene, ids[:, :K])[1]
        given = {
            "mmr": {"vectors": scene.shares},
            "calibrated": {"shares": scene.shares, "histories": history},
            "share": {"protected": scene.provider == 2},
        }
        for rule, trades in TRADES.items():
            for trade in trades:
                lists = rerank(ids, scores, K, rule, trade, **given[rule])
                row, ndcg = figures(scene, lists)
                price = {
                    "price": float((ndcg - first).mean()),
                    "p": paired_permutation(ndcg, first),
                }
                about = {"data": data, "model": model.name, "rule": rule, "trade": str(trade)}
                yield {**about, **row, **price}


def steered(seed: int) -> Iterator[Row]:
    """Exposure pushed towards a merit."""
    for data, scene in scenes(seed):
        model, history = base(scene, seed), scene.split.test.history()
        ids, scores = model.recommend(history, DEPTH)
        of = {"sold": scene.provider[scene.split.train.item], "goods": scene.provider[1:]}
        for merit, groups in of.items():
            due = np.bincount(groups, minlength=3)
            for strength in STRENGTHS:
                lists, _ = steer(ids, scores, K, scene.provider, due, strength)
                about = {"data": data, "model": model.name, "merit": merit}
                row = figures(scene, lists)[0]
                yield {**about, "strength": str(strength), **row}


def popularity(seed: int) -> Iterator[Row]:
    """How much more popular the lists are than the histories, by model and taste."""
    for data, scene in scenes(seed):
        history = scene.split.test.history()
        shares = popularity_shares(scene.split.train)
        for model in models(scene, seed):
            lists = model.recommend(history, K)[0]
            lifts = popularity_lifts(lists, history, scene.taste, shares)
            row = figures(scene, lists)[0]
            keep = ("ndcg@10", "coverage", "gini", "small shown", "small sold", "divergence")
            yield {
                "data": data, "model": model.name,
                **{f"lift {taste}": lifts.get(taste, float("nan")) for taste in TASTES},
                **{name: row[name] for name in keep},
            }  # fmt: skip


def groups(seed: int) -> Iterator[Row]:
    """NDCG@10 of groups of users, and what equal groups of those sizes would differ by."""
    for data, scene in scenes(seed):
        rng = np.random.default_rng([seed, 6])
        for model in models(scene, seed):
            found = evaluate(model, scene.split.test, K)
            ndcg = found.per_user["ndcg@10"]
            gap = quality_gap(ndcg, scene.taste)
            chance = [quality_gap(ndcg, rng.permutation(scene.taste)) for _ in range(200)]
            row: Row = {"data": data, "model": model.name, "gap": gap}
            row["gap by chance"] = float(np.mean(chance))
            for one in quality_by_group(found, scene.taste, "ndcg@10", TASTES, draws=1000):
                row[one.name] = float(one.figure) if one.figure else float("nan")
                row[f"{one.name} p"] = one.p
            yield row


PARTS: dict[str, Part] = {
    "rerank": reranked,
    "steer": steered,
    "popularity": popularity,
    "groups": groups,
}


def main() -> None:
    """Measure what was asked, then print everything that is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--parts", nargs="*", default=list(PARTS), help="all by default")
    parser.add_argument("--out", type=Path, default=results.path("fairness"))
    asked = parser.parse_args()
    one_core()
    with threadpool_limits(1):
        show(measure(PARTS, asked.out, asked.seeds, asked.parts))


if __name__ == "__main__":
    main()
