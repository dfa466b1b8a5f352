"""Figures that stand in the prose of chapter 19 are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import data, formulas, results, robustness
from attnrec_lite.data.shop import make_shop
from attnrec_lite.data.truth import next_chances
from attnrec_lite.evaluation import places, ranking_metrics

ROOT = Path(__file__).parents[3]
CELLS = json.loads((ROOT / "book/robustness.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
FIGURES = [c["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "") for c in CELLS]
CAPTIONS = "\n".join(FIGURES)


def kept(name, part, **where):
    rows = results.load(name)["rows"]
    like = {"part": part, **where}.items()
    return [r for r in rows if like <= r.items() and "figure" not in r]


def mean(rows, figure):
    assert rows, figure
    return float(np.mean([r[figure] for r in rows]))


@pytest.fixture(scope="module")
def films():
    return data.load("movielens")


def test_all_13_items_are_in_the_table_with_their_verdicts():
    items = json.loads((ROOT / "book/source_items.json").read_text(encoding="utf8"))
    mine = {item["id"]: item["verdict"] for item in items if item["chapter"] == "robustness"}
    rows = re.findall(r"^\| (S\d-\w+) \|[^|]*\| (.) (\w+) \|", TEXT, flags=re.MULTILINE)
    assert {name: verdict for name, _, verdict in rows} == mine
    assert len(rows) == len(mine) == 13
    assert "13 items of the articles S0, S1 and S3" in TEXT


def test_the_table_says_where_each_item_is_treated():
    where = dict(re.findall(r"^\| (S\d-\w+) \|.*\| ([^|]+) \|$", TEXT, flags=re.MULTILINE))
    sections = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    treated = dict(zip(sections[1::2], sections[2::2], strict=True))
    for item, section in where.items():
        assert item in treated[section], f"{item} is not in the section {section!r}"


def test_the_seeds_are_as_many_as_the_captions_say():
    for part, many in {"noise": 3, "vectors": 3, "sessions": 3, "clicks": 3,
                       "shilling": 5, "detectors": 5}.items():  # fmt: skip
        assert {r["seed"] for r in kept("robustness", part)} == set(range(many))
    for part in ("rerank", "popularity"):
        assert {r["seed"] for r in kept("fairness", part)} == set(range(5))
    assert CAPTIONS.count("over three seeds") == 2
    assert "over three shops" in CAPTIONS
    assert CAPTIONS.count("over five") == 3


def test_the_mug_takes_nearly_all_and_no_bound_goes_below_an_even_share():
    assert "scores them 1, 0.5, 0.2, 0 and −0.3" in TEXT
    scores = [1, 0.5, 0.2, 0, -0.3]
    assert formulas.injected_weight(scores, 5) == pytest.approx(0.953, abs=5e-4)
    assert formulas.injected_weight_bound(5, 1e-9) == pytest.approx(1 / 6)
    assert formulas.injected_weight_bound(5, 1.0, injected=2) > formulas.injected_weight_bound(5, 1)


def test_the_worst_click_is_as_the_prose_says():
    def of(bound, place, figure):
        return mean(kept("robustness", "clicks", bound=bound, place=place), figure)

    assert "nearly nine tenths of the weight" in TEXT
    assert 0.82 < of("as learned", "newest", "worst_share") < 0.92
    assert of("as learned", "newest", "ndcg@10 after") < 0.03
    assert "it costs some eight hundredths of NDCG" in TEXT
    lost = of("as learned", "before", "ndcg@10") - of("as learned", "before", "ndcg@10 after")
    assert 0.06 < lost < 0.1
    bounded, cut = "scores in ±1", "weights up to 0.2"
    assert abs(of(bounded, "before", "ndcg@10") - of(bounded, "before", "ndcg@10 after")) < 0.01
    assert "for two hundredths on clean histories" in TEXT
    price = {b: of("as learned", "before", "ndcg@10") - of(b, "before", "ndcg@10")
             for b in (bounded, cut)}  # fmt: skip
    assert 0.01 < price[bounded] < 0.03
    assert 1.6 < price[cut] / price[bounded] < 2.7
    assert of(cut, "newest", "overlap") > 2 * of(bounded, "newest", "overlap")
    assert of("trimmed 0.2", "newest", "overlap") < 0.05


def test_attention_has_most_to_lose_by_noise():
    def of(model, where, kind, rate):
        return mean(kept("robustness", "noise", model=model, where=where, kind=kind, rate=rate),
                    "ndcg@10")  # fmt: skip

    clean = {m: of(m, "nowhere", "", 0.0) for m in ("attention", "ease", "item-knn", "bpr")}
    assert max(clean, key=clean.get) == "attention"
    for where, kind in (("log", "replace"), ("history", "replace"), ("log", "drop")):
        lost = {m: clean[m] - of(m, where, kind, 0.5) for m in clean}
        assert max(lost, key=lost.get) == "attention"
    assert "with three in ten about level" in TEXT
    for where in ("log", "history"):
        for rate, low, high in ((0.3, -0.04, 0.04), (0.5, -0.2, 0)):
            ahead = of("attention", where, "replace", rate) - of("ease", where, "replace", rate)
            assert low < ahead < high
    lost = {m: clean[m] - of(m, "log", "drop", 0.5) for m in ("attention", "ease")}
    assert "more than twice what the linear model loses, and stays ahead" in TEXT
    assert lost["attention"] > 2 * lost["ease"]
    assert of("attention", "log", "drop", 0.5) > of("ease", "log", "drop", 0.5)


def test_apr_stands_against_the_adversary_and_is_no_better_without_one():
    def kept_of(name, model, figure):
        rows = kept("robustness", "vectors", data=name, model=model)
        return mean(rows, figure) / mean(rows, "clean")

    half, whole = "adversary half of it", "adversary all of it"
    models = {r["model"] for r in kept("robustness", "vectors")}
    controls = models - {"apr"}
    assert len(controls) == 5
    assert "some four fifths against half a length where the others keep about half" in TEXT
    assert 0.72 < kept_of("movielens", "apr", half) < 0.9
    assert max(kept_of("movielens", m, half) for m in controls) < 0.6
    assert kept_of("shop", "weight decay", half) > kept_of("shop", "apr", half)
    for seed in range(3):
        rows = kept("robustness", "vectors", data="movielens", seed=seed)
        left = {r["model"]: r[half] / r["clean"] for r in rows}
        assert max(left, key=left.get) == "apr"
    assert min(models, key=lambda m: kept_of("shop", m, whole)) == "weight decay"
    assert "a third of what it gains over BPR" in TEXT
    gains = [
        kept_of("shop", m, whole) - kept_of("shop", "bpr", whole) for m in ("pair twice", "apr")
    ]
    assert 0.25 < gains[0] / gains[1] < 0.4
    for name in ("shop", "movielens"):
        assert kept_of(name, "apr", whole) > 1.5 * max(kept_of(name, m, whole) for m in controls)
        for model in models:
            assert kept_of(name, model, half) < kept_of(name, model, "random half of it")
        clean = {
            m: mean(kept("robustness", "vectors", data=name, model=m), "clean") for m in models
        }
        assert abs(clean["apr"] / clean["bpr"] - 1) < 0.06


def test_the_film_has_eleven_ratings_and_a_median_falls_to_thirty(films):
    assert "eleven ratings, most of them poor, and thirty invented raters among 671" in TEXT
    target = films.items.id_of("Cutthroat Island (1995)")
    own = films.value[films.item == target]
    assert (len(own), films.n_users) == (11, 671)
    assert np.mean(own < 3) > 0.5
    bad = robustness.shill(films, "average", target, 30).log
    now = bad.value[bad.item == target]
    assert (len(now), np.median(now)) == (41, 5.0)
    assert "thirty of forty-one" in TEXT


def test_sessions_buy_counts_and_not_neighbours():
    hits = {}
    for model in ("popularity", "successors", "attention", "item-knn"):
        hits[model] = mean(kept("robustness", "sessions", model=model, share=0.01), "hits")
    assert hits["popularity"] > 0.9
    assert hits["successors"] > 0.5
    assert hits["item-knn"] < hits["attention"] < hits["successors"] / 2


def test_detectors_shine_in_area_and_catch_next_to_nobody():
    for kind in ("random", "average", "bandwagon"):
        for detector in robustness.DETECTORS:
            rows = kept("robustness", "detectors", kind=kind, detector=detector, filler="70")
            assert len(rows) == 5
            assert mean(rows, "at_1") < 0.05
            if detector == "rdma":
                assert mean(rows, "auc") > 0.8
            if detector in ("count z", "isolation"):
                assert mean(rows, "auc") < 0.5


def test_the_price_of_a_hundred_ratings(films):
    count = np.bincount(films.item, minlength=films.n_items + 1)[1:]
    assert "less than a quarter of all ratings" in TEXT
    assert 0.2 < count[count >= 100].sum() / len(films) < 0.25
    assert 0.01 < (count >= 100).sum() / films.n_items < 0.03


def test_of_four_interests_one_is_harder_to_guess_for_the_rule_itself():
    shop = make_shop(seed=0)
    test = data.leave_one_out(shop.log).test
    history = test.history()
    chances = next_chances(shop, history, test.user)
    best = ranking_metrics(*places(chances, test.item, history), k=10)["ndcg"]
    interests = shop.interests[test.user].sum(axis=1)
    one, four = (best[interests == n].mean() for n in (1, 4))
    assert one - four > 0.15  # of a gap of about a quarter


def test_calibration_halves_the_divergence_and_mmr_raises_it_again():
    def of(rule, trade, figure, name="shop"):
        return mean(kept("fairness", "rerank", data=name, rule=rule, trade=trade), figure)

    assert "nearly halves the divergence for two hundredths" in TEXT
    assert (
        0.45 < of("calibrated", "0.9", "divergence") / of("calibrated", "0.0", "divergence") < 0.65
    )
    assert 0.01 < of("calibrated", "0.0", "ndcg@10") - of("calibrated", "0.9", "ndcg@10") < 0.035
    assert of("mmr", "0.3", "divergence") > of("mmr", "1.0", "divergence")
    assert of("mmr", "0.3", "diversity") > of("mmr", "1.0", "diversity")
    assert of("share", "0.6", "small shown") > of("share", "0.0", "small shown") + 0.1


def test_the_small_films_get_one_per_cent_of_the_looks():
    shown = mean(kept("fairness", "popularity", data="movielens", model="ease"), "small shown")
    assert shown < 0.02
    for model in ("ease", "item-knn", "bpr", "popularity"):
        rows = kept("fairness", "popularity", data="movielens", model=model)
        assert mean(rows, "lift blockbuster") > 0
        assert mean(rows, "lift niche") > mean(rows, "lift blockbuster")
