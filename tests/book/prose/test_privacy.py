"""Figures that stand in the prose of chapter 18 are recomputed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import data, formulas, models, privacy, results
from attnrec_lite.data.shop import make_shop
from attnrec_lite.evaluation import evaluate

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "privacy.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
SHOWN = "\n".join(
    str(cell["metadata"].get("mystnb", {}).get(kind, {}).get(part, ""))
    for cell in CELLS
    for kind, part in (("figure", "caption"), ("image", "alt"))
)
ROWS = results.load("privacy")["rows"]


def found(figure: str, **where: object) -> float:
    """Mean over the seeds of the kept rows that fit."""
    mine = [row[figure] for row in ROWS if where.items() <= row.items()]
    assert len(mine) >= 3, where
    return float(np.mean(mine))


@pytest.fixture(scope="module")
def shop() -> data.Shop:
    return make_shop(seed=0)


def test_a_few_ratings_give_people_away():
    log = data.load("movielens")
    assert log.n_users == 671
    assert "Now 671 people" in TEXT
    attacks = {known: privacy.link(log, known) for known in (2, 8)}
    years = privacy.link(log, 8, release_days=365.0)
    assert "two ratings with a rough date give four in five away, eight nearly all" in SHOWN
    assert 0.75 < attacks[2].right.mean() < 0.85
    assert attacks[8].right.mean() > 0.95
    assert "accuses up to four in ten who are not in the file" in SHOWN
    assert 0.38 < years.accused.mean() < 0.45
    careful, coarse = (each.at(0.05).right.mean() for each in (attacks[8], years))
    assert "eight ratings still find most people" in SHOWN
    assert "cutting dates to years saves about one in five" in SHOWN
    assert coarse > 0.5
    assert 0.15 < careful - coarse < 0.25


def test_what_a_promise_allows():
    allowed = {e: formulas.hits_allowed(e, 1e-5, 0.01) for e in (0.1, 1, 8)}
    assert "0.1 leaves the attacker at 1 %, one of 1 at under 3 %, and one of 8 promises" in SHOWN
    assert round(allowed[0.1], 2) == 0.01
    assert allowed[1] < 0.03
    assert allowed[8] > 0.99


def test_a_close_fit_gives_one_in_ten_away_and_the_private_model_nobody(shop):
    assert "fitted closely gives one in ten away at one false alarm in a hundred" in SHOWN
    goods = shop.log.items
    close = privacy.shadows(lambda _: models.EASE(goods, penalty=1.0), shop.log, models=8)
    assert 0.08 < formulas.hits_at(*close.ratios()) < 0.13


def test_the_plain_threshold_finds_nobody_and_shadow_models_do():
    names = {row["model"] for row in ROWS if row["part"] == "membership"}
    assert "all of these models look safe" in TEXT
    assert "finds members in every one of them, and hardly any in the private ones" in TEXT
    for model in names:
        like = {"part": "membership", "model": model}
        assert found("hits@1%", attack="loss", **like) < 0.03
        hits = found("hits@1%", attack="shadows", **like)
        assert hits < 0.025 if "private" in model else hits > 0.03
    strong = {m: found("advantage", part="membership", model=m, attack="shadows") for m in names}
    assert strong["ease, penalty 1"] > strong["ease, penalty 1000"] > strong["local factors"]


def test_noise_on_each_answer_is_dozens_and_on_the_count_one_and_a_half(shop):
    assert "a deviation of dozens of customers in place of about one and a half" in TEXT
    p = np.e / (1 + np.e)
    assert 24 < np.sqrt(shop.log.n_users * p * (1 - p)) / (2 * p - 1) < 60
    assert round(np.sqrt(2), 1) == 1.4
    assert "which one good customer moves by hundreds of euro" in TEXT
    spent = np.bincount(shop.log.user, shop.price[shop.log.item])
    assert 200 < spent[shop.log.user[shop.log.item == 1]].max() < 1000


def test_the_price_of_the_promise():
    def private(epsilon: float) -> float:
        return found("ndcg@10", part="quality", model="private factors", epsilon=epsilon)

    free = found("ndcg@10", part="quality", model="local factors")
    assert "An epsilon of 8 costs next to nothing, one of 1 about a sixth" in SHOWN
    assert private(8.0) > 0.95 * free
    assert 0.12 < 1 - private(1.0) / free < 0.2
    assert "at 0.3 most of the model is gone" in SHOWN
    assert private(0.3) < 0.4 * free


def test_people_hide_people():
    def share(n: int) -> float:
        rows = [
            found("ndcg@10", part="users", users=n, model=m)
            for m in ("private factors", "local factors")
        ]
        return rows[0] / rows[1]

    assert "with 750 people a quarter of the quality is left" in SHOWN
    assert "with 12,000 the noise is hardly felt" in SHOWN
    assert 0.2 < share(750) < 0.3 < share(3000) < share(12_000)
    assert share(12_000) > 0.95


def test_noise_once_beats_noise_in_steps_where_the_promise_is_loose():
    def of(model: str, epsilon: float, figure: str = "ndcg@10") -> float:
        return found(figure, part="quality", model=model, epsilon=epsilon)

    assert "with an $\\varepsilon$ of 3 or more, noise added once" in TEXT
    assert "Only where the promise is strict do the steps come out ahead" in TEXT
    for epsilon in (0.3, 1.0, 3.0, 8.0):
        once, steps = of("noisy ease", epsilon), of("private factors", epsilon)
        assert (once > steps) == (epsilon >= 3)
    assert "with $\\varepsilon=1$ a noisy list of best-sellers is ahead of both" in TEXT
    like = {"part": "movielens", "epsilon": 1.0}
    films = {m: found("ndcg@10", model=f"{m}", **like) for m in ("noisy ease", "private factors")}
    assert found("ndcg@10", model="noisy popularity", **like) > max(films.values())
    assert "in a thirtieth of the time" in TEXT
    times = [of(m, 1.0, "cpu_seconds") for m in ("noisy ease", "private factors")]
    assert 20 < times[1] / times[0] < 60


def test_what_is_sent_is_read_unless_it_is_masked_among_many():
    def read(leak: str, figure: str = "whole_history") -> float:
        return found(figure, part="federated", leak=leak)

    assert "A mask hides an update from whoever sees that update alone" in TEXT
    assert abs(read("one step, one masked", "auc") - 0.5) < 0.05
    assert read("one step") == 1
    assert "nearly as clearly among two, less among ten, hardly among a hundred" in TEXT
    areas = [read(f"masked sum of {n}", "auc") for n in (2, 10, 100)]
    assert areas[0] > 0.95 > areas[1] > 0.75 > 0.65 > areas[2]
    assert "hides what is sent even from a server that cheats" in TEXT
    assert abs(read("noise on the device, epsilon 8", "auc") - 0.5) < 0.05


def test_what_federation_gives_to_the_largest_client_and_to_the_others():
    def run(way: str, figure: str = "ndcg@10") -> float:
        return found(figure, part="federated", way=way)

    assert "the first two lines are one model" in TEXT
    same = run("all data in one place", "loss"), run("one local step", "loss")
    assert same == pytest.approx(same[::-1], abs=2e-5)
    assert "To count all clients alike costs the customers of the largest one" in TEXT
    alike = "five local steps, clients alike"
    assert run(alike, "largest_client") < run("five local steps", "largest_client") - 0.01
    assert "the others gain little" in TEXT
    assert abs(run(alike, "others") - run("five local steps", "others")) < 0.01
    assert "what the largest learns alone serves the others poorly" in TEXT
    assert run("the largest client alone", "others") < 0.7 * run("five local steps", "others")
    shares = 1 / np.arange(1, 21)
    assert "the largest with more than a quarter of them all" in TEXT
    assert shares[0] / shares.sum() > 0.25


def test_little_is_lost_with_the_oldest_events_and_the_order(shop):
    split = data.leave_one_out(shop.log)

    def quality(model: models.Recommender, some: data.Split) -> float:
        return evaluate(model.fit(some.train), some.test).mean("ndcg@10")

    def ease() -> models.Recommender:
        return models.EASE(shop.log.items, penalty=200.0)

    whole = quality(ease(), split)
    assert "Forty events are worth as much as all, twenty nearly" in SHOWN
    assert quality(ease(), privacy.kept_recent(split, events=40)) > 0.99 * whole
    assert quality(ease(), privacy.kept_recent(split, events=20)) > 0.93 * whole
    assert "a shop that serves EASE needs no dates" in TEXT
    undated = privacy.without_order(split)
    assert quality(ease(), undated) == pytest.approx(whole, abs=1e-6)
    counted = models.Successors(shop.log.items)
    assert "the table of successors loses more than a fifth" in SHOWN
    assert quality(counted, undated) < 0.8 * quality(counted, split)


def test_the_deleted_are_not_found_and_a_shard_is_soon_trained():
    def attack(when: str) -> float:
        return found("hits@1%", part="unlearning", when=when)

    assert "are found about as rarely as people who never were there" in TEXT
    assert attack("before") > 0.1
    assert attack("after") < 0.02
    assert "in less than a tenth of the time with sixteen of them" in TEXT
    like = {"part": "unlearning", "way": "shards"}
    assert found("forget_ms", shards=16, **like) < found("forget_ms", shards=1, **like) / 10
    assert "whose mean is here no worse than the one model" in TEXT
    assert found("ndcg@10", shards=16, **like) > found("ndcg@10", shards=1, **like) - 0.005
