"""Parts of ``cold_start.py``: people and items by how much is known, and questionnaires."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnrec_lite.cold_start import (
    Questionnaire,
    content_ridge,
    entry_segment,
    evaluate_groups,
    few_rows,
    knowing,
    new_users,
    of_items,
    scarce_items,
    shop_answers,
)
from attnrec_lite.data import (
    Interactions,
    Modalities,
    Split,
    leave_one_out,
    make_shop,
    movielens,
)
from attnrec_lite.data.truth import next_chances
from attnrec_lite.evaluation import Evaluation, evaluate
from attnrec_lite.models import (
    BPR,
    EASE,
    ItemEncoder,
    LightGCN,
    MeanPooling,
    Popularity,
    Recommender,
    SASRec,
    SegmentPopularity,
)

KNOWN, SHARE, AT_LEAST = (0, 1, 2, 5, 10), 0.2, 11
WIDTH, EPOCHS, PATIENCE = 32, 20, 2
ASKED, SHOP_USERS = 6, 1500
DATA = ("shop", "films")
BODY: dict[str, Any] = {"width": WIDTH, "window": 30, "inner": 64, "blocks": 1, "loss": "full"}
MEAN: dict[str, Any] = {"width": WIDTH, "window": 30}
Row = dict[str, Any]


class Data:
    """A log, what is known about its items, and what its people say before the first click."""

    def __init__(self, name: str) -> None:
        self.name, self.shop = name, None
        if name == "shop":
            self.shop = make_shop(n_users=SHOP_USERS)
            self.log, self.known = self.shop.log, Modalities.of_shop(self.shop)
        else:
            log = movielens(min_rating=4).keep_active(min_user=5, min_item=5)
            self.log, self.known = log, Modalities.of_films(log)

    def answers(self, log: Interactions, seed: int) -> Any:
        """Answers of all users: of customers about 24 goods, of viewers about 100 films."""
        if self.shop is not None:
            return shop_answers(self.shop, np.arange(1, 25), seed=seed)
        films = np.argsort(-np.bincount(log.item), kind="stable")[:100]
        liked = np.zeros((self.log.n_users, self.log.n_items + 1))
        target = self.log.bounds()[:-1]  # nobody is asked about the target, a first film
        before = np.delete(np.arange(len(self.log)), target)
        liked[self.log.user[before], self.log.item[before]] = 1
        return liked[:, films]


class Truth(Recommender):
    """The rule by which one customer of the shop chooses: nobody can do better on purpose."""

    name = "the truth"

    def __init__(self, shop: Any, user: int) -> None:
        super().__init__(shop.log.items)
        self.shop, self.user = shop, user

    def _scores(self, history: Any) -> Any:
        return next_chances(self.shop, history, np.full(len(history), self.user))

    fit = attention = config = _arrays = _set_arrays = None  # type: ignore[assignment]


def encoder(known: Modalities, seed: int, **options: Any) -> ItemEncoder:
    """Of content and, unless told otherwise, the id, which half of the steps do without."""
    return ItemEncoder(known, WIDTH, seed=seed, **{"dropout": {"id": 0.5}} | options)


def models(known: Modalities, seed: int) -> dict[str, Callable[[Split], Recommender]]:
    """Name to a function that fits on a split."""
    items, half = known.items, encoder(known, seed)

    def network(model: Any) -> Callable[[Split], Recommender]:
        options = {"validation": None, "patience": PATIENCE}

        def fit(split: Split) -> Recommender:
            told = options | {"validation": split.validation}
            return model.fit(split.train, EPOCHS, batch=32, learning_rate=4e-3, **told)

        return fit

    return {
        "popularity": lambda split: Popularity(items).fit(split.train),
        "ease": lambda split: EASE(items).fit(split.train),
        "bpr": lambda split: BPR(items, WIDTH, seed=seed).fit(split.train),
        "lightgcn": lambda split: LightGCN(items, WIDTH, seed=seed).fit(split.train),
        "mean": network(MeanPooling(items, seed=seed, **MEAN)),
        "mean, content": network(MeanPooling(items, seed=seed, encoder=half, **MEAN)),
        "sasrec": network(SASRec(items, seed=seed, **BODY)),
        "sasrec, content": network(SASRec(items, seed=seed, encoder=half, **BODY)),
    }


def figures(found: Evaluation) -> Row:
    """NDCG@10 with its interval, and of how many targets."""
    e = found.estimate("ndcg@10")
    numbers = {"ndcg": e.value, "low": e.low, "high": e.high}
    return {name: round(float(n), 5) for name, n in numbers.items()} | {"targets": e.n}


def timed(fit: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and the cpu seconds that it took."""
    start = time.process_time()
    return fit(), round(time.process_time() - start, 2)


def users(data: Data, seed: int) -> Iterator[Row]:
    """Quality for newcomers by number of known rows."""
    split = new_users(data.log, SHARE, AT_LEAST, seed)
    asked = {n: knowing(split.test, n) for n in KNOWN}
    if data.shop is not None:
        doors = entry_segment(data.shop, seed=seed)
        model, cost = timed(lambda: _by_door(data, split, doors))
        for n, holdout in asked.items():
            found = figures(evaluate_groups(model.of, doors[holdout.user], holdout))
            yield {"model": "segment popularity", "known": n, "fit": cost, **found}
            found = evaluate_groups(lambda u: Truth(data.shop, u), holdout.user, holdout)
            yield {"model": "the truth", "known": n, "fit": 0.0, **figures(found)}
    for name, fit in models(data.known, seed).items():
        model, cost = timed(lambda fit=fit: fit(split))
        for n, holdout in asked.items():
            yield {"model": name, "known": n, "fit": cost, **figures(evaluate(model, holdout))}


def _by_door(data: Data, split: Split, doors: Any) -> SegmentPopularity:
    return SegmentPopularity(data.log.items, 12).fit(split.train, doors)


def items(data: Data, seed: int) -> Iterator[Row]:
    """Quality for scarce items, and for the others, by number of training rows of the scarce."""
    whole = leave_one_out(data.log)
    scarce = scarce_items(whole, SHARE, seed)
    rest = np.setdiff1d(np.arange(1, data.log.n_items + 1), scarce)
    for n in KNOWN:
        split = few_rows(whole, n, SHARE, seed)
        parts = {"scarce": of_items(split.test, scarce), "rest": of_items(split.test, rest)}
        every = models(data.known, seed)
        del every["mean"]  # an id without rows is one whoever reads it
        for name, fit in every.items():
            model, cost = timed(lambda fit=fit, split=split: fit(split))
            said = {"known": n, "fit": cost}
            for part, holdout in parts.items():
                yield {"model": name, "of": part, **said, **figures(evaluate(model, holdout))}
            if name in ("bpr", "lightgcn", "sasrec"):
                content_ridge(model, data.known, split.train, fewest=3)
                for part, holdout in parts.items():
                    found = figures(evaluate(model, holdout))
                    yield {"model": f"{name} + ridge", "of": part, **said, **found}


def questions(data: Data, seed: int) -> Iterator[Row]:
    """Quality for strangers by number of questions."""
    split = new_users(data.log, SHARE, AT_LEAST, seed)
    strangers, answers = knowing(split.test, 0), data.answers(split.train, seed)
    for adaptive in (False, True):
        asked = Questionnaire(data.log.items, ASKED, adaptive)
        _, cost = timed(lambda asked=asked: asked.fit(split.train, answers))
        name = "adaptive" if adaptive else "static"
        for most in range(ASKED + 1):
            told = (enumerate(answers[user]) for user in strangers.user)
            group = [asked.reach(pairs, most) for pairs in told]
            found = evaluate_groups(asked.model_for, group, strangers)
            yield {"model": name, "known": most, "fit": cost, **figures(found)}
