"""Parts of ``cold_start.py``: input dropout, a second shop, a second task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from cold_start_known import BODY, EPOCHS, MEAN, PATIENCE, WIDTH, Data, Row, encoder, figures, timed

from attnrec_lite.cold_start import (
    content_ridge,
    new_users,
    of_items,
    transfer,
    two_shops,
)
from attnrec_lite.data import (
    Holdout,
    Interactions,
    Modalities,
    Split,
    Vocabulary,
    cold_and_warm,
    cold_items,
    hide_items,
    leave_one_out,
    make_purchases,
)
from attnrec_lite.evaluation import evaluate
from attnrec_lite.formulas import auc
from attnrec_lite.models import (
    BPR,
    ItemEncoder,
    MeanPooling,
    Popularity,
    Recommender,
    SASRec,
    TwoTasks,
)

LABELLED, CUSTOMERS = (100, 300, 1000, 3000), (0, 10, 50, 250)
PEOPLE, ROWS = (1500, 600), 20_000


class Only(Recommender):
    """A model asked about some items only: the others come last."""

    name = "only"

    def __init__(self, model: Recommender, items: Any) -> None:
        super().__init__(model.items)
        self.model, self.others = model, np.setdiff1d(np.arange(1, self.n_items + 1), items)

    def _scores(self, history: Any) -> Any:
        scores = self.model.score_all(history)
        scores[:, self.others] = scores[:, 1:].min() - 1
        return scores

    fit = attention = config = _arrays = _set_arrays = None  # type: ignore[assignment]


def made_up(seed: int, people: int = 600, goods: int = 400) -> tuple[Split, Modalities]:
    """People and goods with hidden factors; content is a noisy view of those of the goods."""
    rng = np.random.default_rng([seed, 18])
    taste, good = rng.normal(size=(people, 8)), rng.normal(size=(goods, 8))
    popular = -np.log(rng.permutation(goods) + 1.0)  # Zipf
    odds = taste @ good.T + popular + rng.gumbel(size=(people, goods))
    taken = np.argsort(-odds, axis=1)[:, :30]
    order = rng.permuted(taken, axis=1)
    user, turn = np.repeat(np.arange(people), 30), np.tile(np.arange(30), people)
    goods_of = Vocabulary(np.arange(1, goods + 1))
    log = Interactions(
        user.astype(np.int32), (order.ravel() + 1).astype(np.int32), turn.astype(np.int64),
        np.arange(people), goods_of,
    )  # fmt: skip
    known = np.repeat(np.arange(people), 5) * 30 + 25
    split = Split(
        log.select(turn < 24), Holdout(log, np.flatnonzero(turn == 24), "row 25 of 30"),
        Holdout(log, np.flatnonzero(turn >= 25), "last five of 30 rows", known), "made up",
    )  # fmt: skip
    content = good @ rng.normal(size=(8, 16)) / 8**0.5 + 0.5 * rng.normal(size=(goods, 16))
    return split, Modalities.from_arrays(goods_of, {"content": content})


def towers(data: Data, seed: int) -> Iterator[Row]:
    """Cold and warm items of a made-up log, with and without input dropout (E18)."""
    split, known = made_up(seed)
    split = hide_items(split, 0.2, seed)
    cold, warm = cold_and_warm(split)
    strange = cold_items(split)
    told = {"validation": cold_and_warm(split, split.validation)[1], "patience": PATIENCE}

    def tower(**options: Any) -> MeanPooling:
        made = encoder(known, seed, fuse="concatenation", **options)
        model = MeanPooling(known.items, seed=seed, encoder=made, **MEAN)
        return model.fit(split.train, EPOCHS, **told)

    ways: dict[str, Callable[[], Recommender]] = {
        "bpr": lambda: BPR(known.items, WIDTH, seed=seed).fit(split.train),
        "tower, no dropout": lambda: tower(dropout=0.0),
        "tower, dropout": tower,
        "tower, content only": lambda: tower(ids=False, dropout=0.0),
    }
    for name, fit in ways.items():
        model, cost = timed(fit)
        yield from _cold_and_warm(name, cost, model, strange, cold, warm)
        if name == "bpr":
            content_ridge(model, known, split.train)
            yield from _cold_and_warm("bpr + ridge", cost, model, strange, cold, warm)


def _cold_and_warm(
    name: str, cost: float, model: Recommender, strange: Any, cold: Holdout, warm: Holdout
) -> Iterator[Row]:
    """Cold targets among cold items, and both kinds among all."""
    asked = {"cold among cold": (Only(model, strange), cold), "cold": (model, cold)}
    for of, (ranks, holdout) in (asked | {"warm": (model, warm)}).items():
        yield {"model": name, "of": of, "fit": cost, **figures(evaluate(ranks, holdout))}


def moved(data: Data, seed: int) -> Iterator[Row]:
    """A second shop: from scratch, or from what the first one learned."""
    first, second = two_shops(PEOPLE, seed=seed)
    teach = leave_one_out(first.log)
    source = SASRec(first.log.items, encoder=_texts(first, seed), seed=seed, **BODY)
    told = {"patience": PATIENCE, "batch": 32, "learning_rate": 4e-3}
    _, cost = timed(lambda: source.fit(teach.train, EPOCHS, validation=teach.validation, **told))
    split = new_users(second.log, 0.5, 5, seed)
    some = np.random.default_rng(seed).permutation(np.unique(split.train.user))
    places = np.flatnonzero(second.shared)
    parts = {
        "shared": of_items(split.test, places),
        "own": of_items(split.test, np.flatnonzero(~second.shared)[1:]),
    }
    for number in CUSTOMERS:
        train = split.train.select(np.isin(split.train.user, some[:number]))
        for name in ("popularity", "from scratch", "transferred"):
            model: Any = Popularity(second.log.items).fit(train)
            if name != "popularity":
                start = _texts(second, seed)
                model = SASRec(second.log.items, encoder=start, seed=seed, **BODY)
            if name == "transferred":
                transfer(source, model)
            if number and name != "popularity":
                model.fit(train, 10, batch=8, learning_rate=2e-3)
            for part, holdout in parts.items():
                found = figures(evaluate(model, holdout))
                yield {"model": name, "known": number, "of": part, "fit": cost, **found}


def _texts(shop: Any, seed: int) -> ItemEncoder:
    return ItemEncoder(shop.known, WIDTH, ids=False, fuse="concatenation", seed=seed)


def tasks(data: Data, seed: int) -> Iterator[Row]:
    """Purchases learned alone and beside clicks, by number of rows whose purchase is known."""
    train, choose, judge = make_purchases(ROWS, seed).split()
    clicked = judge.label == 1
    for number in LABELLED:
        few = train.forget("purchase", number)
        alone = few.forget("click")
        ways = {"alone": (alone, 0.5), "beside clicks, half": (few, 0.5), "a tenth": (few, 0.1)}
        for name, (rows, weight) in ways.items():
            model = TwoTasks(train.items, weight=weight, groups=train.category, seed=seed)
            check = choose.forget("purchase", number // 4)
            check = check.forget("click") if name == "alone" else check
            _, cost = timed(lambda m=model, r=rows, c=check: m.fit(r, c))
            chance = model.chances(judge)[:, 1]
            found = {"auc": auc(judge.bought, chance)}
            found["auc_after_click"] = auc(judge.bought[clicked], chance[clicked])
            rounded = {key: round(float(value), 5) for key, value in found.items()}
            yield {"model": name, "known": number, "fit": cost, **rounded}
