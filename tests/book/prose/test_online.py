"""Figures that stand in the prose of chapter 14 are recomputed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import data, experiments, formulas, models, results
from attnrec_lite.evaluation import evaluate

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "online.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
SHOWN = "\n".join(
    str(cell["metadata"].get("mystnb", {}).get(kind, {}).get(part, ""))
    for cell in CELLS
    for kind, part in (("figure", "caption"), ("image", "alt"))
)
KEPT = results.load("online")


def found(way: str, name: str) -> float:
    """Mean over the seeds of a phase."""
    kind = "summer_" if name == "summer comes back" else ""
    days = slice(*(day - KEPT["first_day"] for day in KEPT["phases"][name]))
    rows = [row for row in KEPT["rows"] if row["way"] == way]
    assert len(rows) == 3
    return float(
        np.mean(
            [np.average(r[f"{kind}ndcg@10"][days], weights=r[f"{kind}targets"][days]) for r in rows]
        )
    )


def seconds(way: str) -> float:
    return float(np.mean([r["night_cpu_seconds"] for r in KEPT["rows"] if r["way"] == way]))


def test_the_sleeper_loses_in_winter_and_has_it_back_in_summer():
    assert "in winter little more than half of what it earns in summer" in TEXT
    assert 0.5 < found("never", "winter") / found("never", "summer") < 0.6
    assert "when summer returns it has all back" in TEXT
    assert found("never", "summer comes back") > found("never", "summer")


def test_the_day_alone_forgets_and_replay_does_not():
    assert "better all winter, and when summer comes back, poorer" in TEXT
    assert found("batch", "winter") > found("never", "winter") + 0.1
    assert found("batch", "summer comes back") < found("never", "summer comes back") - 0.05
    assert "*Replay* is nearly level with the sleeper then" in TEXT
    gap = found("never", "summer comes back") - found("replay", "summer comes back")
    assert 0 < gap < 0.02
    others = ("winter", "summer", "first week of the fashion", "second week")
    assert all(found("replay", name) > found("never", name) for name in others)


def test_learning_all_anew_is_best_until_the_fashion():
    assert "*Nightly* is best while the seasons turn, for some forty times the cost" in TEXT
    for name in ("winter", "summer comes back", "summer"):
        assert all(found("nightly", name) > found(w, name) for w in ("never", "batch", "replay"))
    assert 30 < seconds("nightly") / seconds("replay") < 45
    assert "in the first week, and in the second, those that learn by the day are ahead" in TEXT
    for name in ("first week of the fashion", "second week"):
        assert min(found("batch", name), found("replay", name)) > found("nightly", name)


def test_a_click_by_state_is_served_in_time():
    assert KEPT["click"]["items"] == 24_000
    assert KEPT["click"]["state_ms"] < 5 < KEPT["click"]["whole_ms"]
    assert KEPT["click"]["largest_difference"] < 1e-5


def test_all_ring_on_the_first_day_and_two_go_on():
    assert "All ring on the first day" in SHOWN
    assert "quiet again within a week" in SHOWN
    assert "still ringing two weeks later" in SHOWN
    limit = formulas.limit_for(100, 0.5)
    for way in ("never", "nightly", "batch", "replay"):
        row = next(r for r in KEPT["rows"] if (r["way"], r["seed"]) == (way, 0))
        quiet, later = np.split(np.array(row["ndcg@10"][68 - KEPT["first_day"] :]), [12])
        lost = formulas.cusum((later - quiet.mean()) / quiet.std(ddof=1), 0, 0.5)
        assert lost[0] > limit
        assert (lost[-1] > limit) == (way in ("never", "nightly"))
        assert way in ("never", "nightly") or (lost[6:] < limit).all()


@pytest.fixture(scope="module")
def drifting() -> data.DriftingShop:
    return data.make_drifting_shop(800, 480, days=95, fashion_day=80)


@pytest.mark.slow
def test_a_count_is_ahead_of_learning_by_the_day(drifting):
    counted = [
        evaluate(
            models.Successors(drifting.log.items).fit(drifting.before(day)), drifting.targets(day)
        ).mean("ndcg@10")
        for day in range(KEPT["first_day"], 95)
    ]
    of_way = {r["way"]: np.mean(r["ndcg@10"]) for r in KEPT["rows"] if r["seed"] == 0}
    assert "A count is ahead of both ways to learn by the day" in TEXT
    assert max(of_way["batch"], of_way["replay"]) < np.mean(counted) < of_way["nightly"]
    assert "two purchases in five follow from an earlier one" in TEXT
    assert 0.38 < (drifting.shop.cause >= 0).mean() < 0.42


def test_the_fashion_is_what_most_want_and_hardly_anybody_wanted(drifting):
    wanted = np.isin(drifting.log.item, drifting.fashion)
    share = [wanted[drifting.day == day].mean() for day in range(95)]
    assert "jumps to most of all purchases and settles at about half" in SHOWN
    assert np.mean(share[:80]) < 0.2
    assert share[80] > 0.7
    assert 0.4 < np.mean(share[90:]) < 0.6


def test_the_older_the_log_of_films_the_worse():
    films, year = data.load("movielens"), 365.25 * 86_400
    last = films.time.max() - year
    asked = data.Holdout(films, np.flatnonzero(films.time >= last))
    before = films.time < last
    assert "falls from 0.033 to 0.022" in SHOWN
    assert "from all years by less than half as much" in SHOWN

    def ndcg(rows: np.ndarray) -> float:
        counts = models.Successors(films.items).fit(films.select(rows))
        return evaluate(counts, asked).mean("ndcg@10")

    now, old = ndcg(before), films.time < last - 8 * year
    small = before & (np.random.default_rng(0).random(len(films)) < old.sum() / before.sum())
    assert round(now, 3) == 0.033
    assert round(ndcg(old), 3) == 0.022
    assert now - ndcg(small) < (now - ndcg(old)) / 2


@pytest.mark.slow
def test_crops_and_gaps_bring_nothing_and_half_a_shuffle_a_little(drifting):
    days, asked = drifting.before(30), drifting.targets(30, 36)
    histories = np.split(days.item, np.flatnonzero(np.diff(days.user)) + 1)
    rng = np.random.default_rng(1)

    def gain(change, share: float) -> float:
        scores = []
        for _ in range(10):
            both = histories + [change(h, share, rng) for h in histories]
            user = np.repeat(np.arange(len(both)), [len(h) for h in both])
            twice = replace(
                days,
                user=user.astype(np.int32),
                item=np.concatenate(both).astype(np.int32),
                time=np.arange(len(user)),
                user_ids=np.arange(len(both)),
            )
            counts = models.Successors(days.items).fit(twice)
            scores.append(evaluate(counts, asked).mean("ndcg@10"))
        alone = models.Successors(days.items).fit(days)
        return float(np.mean(scores)) - evaluate(alone, asked).mean("ndcg@10")

    assert "a crop and a gap bring nothing. A shuffled half helps a little" in TEXT
    assert abs(gain(formulas.cropped, 0.5)) < 0.003
    assert abs(gain(formulas.masked, 0.5)) < 0.003
    assert gain(formulas.reordered, 0.5) > 0.003
    assert "A history shuffled as a whole gives the gain back" in TEXT
    assert gain(formulas.reordered, 1.0) < 0.002


@pytest.mark.slow
def test_the_robots_cost_a_quarter_and_a_guard_saves_it():
    space: dict[str, object] = {}
    for cell in CELLS:
        source = "".join(cell["source"])
        wanted = ("plot.use_style()", "small = data.make", "robots = data.", "batch = robots if")
        if cell["cell_type"] == "code" and any(part in source for part in wanted):
            exec(source, space)
    without, guarded = space["found"]["without"], space["found"]["guarded"]
    assert "about a quarter of the quality is gone at once" in SHOWN
    assert 0.67 < without[3] / without[2] < 0.83
    assert "eight honest batches later the model is still behind" in SHOWN
    assert len(without) == 12
    assert without[-1] < guarded[-1] - 0.01
    assert abs(guarded[3] - guarded[2]) < 1e-6  # no trace


def test_false_alarms_of_the_usual_limits():
    rng, shares = np.random.default_rng(0), np.full(12, 1 / 12)

    def index(rows: int) -> np.ndarray:
        pairs = rng.multinomial(rows, shares, size=(300, 2))
        return np.array([formulas.stability_index(*pair) for pair in pairs])

    assert "begin near one and fall to zero" in SHOWN
    assert (index(50) > 0.1).mean() > 0.9
    assert (index(50) > 0.25).mean() > 0.6
    assert (index(1000) > 0.1).mean() < 0.01


def test_what_policies_lose():
    rates = np.linspace(0.02, 0.12, 10)

    def lost(policy: str, **how: float) -> float:
        run = experiments.play(rates, policy, rounds=5000, runs=6, **how)
        return float(run.regret[:, -1].mean())

    even, thompson = lost("even"), lost("thompson")
    assert "at a third of the price" in TEXT
    assert 0.25 < thompson / even < 0.45
    assert lost("ucb", scale=0.05) < thompson < lost("ucb")


def test_the_loop_makes_people_alike_and_exploration_less():
    people = experiments.make_people(seed=1)
    loops = {
        name: experiments.simulate_feedback(people, name, 20, seed=1)
        for name in ("ideal", "chance", "popularity", "model", "model, a fifth by chance")
    }
    loops["stopped"] = experiments.simulate_feedback(people, "model", 20, seed=1, until=5)
    alike = {name: loop.alike[-1] for name, loop in loops.items()}
    utility = {name: loop.utility.mean() for name, loop in loops.items()}
    assert "makes them half as alike again and more; popularity, four times" in TEXT
    assert alike["model"] > 1.4 * alike["ideal"]
    assert 3.5 < alike["popularity"] / alike["ideal"] < 4.6
    assert utility["popularity"] < utility["chance"]
    assert alike["stopped"] < alike["model"]
    assert utility["stopped"] < utility["model"]
    assert alike["model, a fifth by chance"] < alike["model"]
    assert utility["model, a fifth by chance"] > utility["model"]


def test_all_22_items_are_in_the_table():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    mine = {item["id"]: item["verdict"] for item in items if item["chapter"] == "online"}
    rows = re.findall(r"^\| (S\d-\w+) \|[^|]*\| (.) (\w+) \|", TEXT, flags=re.MULTILINE)
    assert {name: verdict for name, _, verdict in rows} == mine
    assert "22 items of the articles S0 to S4" in TEXT
    assert len(mine) == 22
