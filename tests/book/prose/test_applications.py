"""Figures that stand in the prose of chapter 20 are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import formulas, results, worlds
from attnrec_lite.worlds import ads, news, social

ROOT = Path(__file__).parents[3]
CELLS = json.loads((ROOT / "book" / "applications.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
CAPTIONS = json.dumps([cell["metadata"] for cell in CELLS], ensure_ascii=False)
KEPT = results.load("applications")
MEANS = {(r["world"], r["policy"], r["figure"]): r["mean"] for r in KEPT["summary"]}
NAIVE = "preference"


def figure(world: str, name: str) -> dict[str, float]:
    """A figure of a world, by policy."""
    return {p: mean for (w, p, f), mean in MEANS.items() if (w, f) == (world, name)}


def best(world: str, name: str) -> str:
    table = figure(world, name)
    return max(table, key=lambda policy: table[policy])


def said(*sentences: str) -> None:
    """The prose still says it, wherever its lines break."""
    flat = re.sub(r"\s+", " ", (TEXT + CAPTIONS).replace("*", ""))
    for sentence in sentences:
        assert sentence in flat, sentence


def test_all_51_items_are_in_the_table_with_their_verdicts():
    items = json.loads((ROOT / "book" / "source_items.json").read_text(encoding="utf8"))
    mine = {item["id"]: item["verdict"] for item in items if item["chapter"] == "applications"}
    rows = re.findall(r"^\| (S\d-\w+) \|[^|]*\| (.) (\w+) \|", TEXT, flags=re.MULTILINE)
    assert {name: verdict for name, _, verdict in rows} == mine
    assert len(rows) == len(mine) == 51
    said("51 items of the articles S0 to S4", "some fifty scenes in all")


def test_the_table_says_where_each_item_is_treated():
    where = dict(re.findall(r"^\| (S\d-\w+) \|.*\| ([^|]+) \|$", TEXT, flags=re.MULTILINE))
    sections = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    treated = dict(zip(sections[1::2], sections[2::2], strict=True))
    for item, section in where.items():
        assert item in treated[section], f"{item} is not in the section {section!r}"


def test_every_scene_stands_in_the_table_of_what_differs():
    scenes = {
        f"S{a}-U{n}" for a, last in ((0, 14), (1, 14), (3, 6), (4, 4)) for n in range(1, last + 1)
    }
    table = re.search(r"\| what differs \|.*?\n\n", TEXT, flags=re.DOTALL)[0]
    assert scenes - {"S3-U2", "S3-U5"} <= set(re.findall(r"S\d-U\d+", table))
    assert set(re.findall(r"S\d-U\d+", table)) == scenes


def test_eleven_claims_name_a_company_and_stand_in_one_box():
    said("eleven items of the sources name a company", "None of the eleven gives a source")
    box = re.search(r"## Who says so\?.*?^```$", TEXT, flags=re.DOTALL | re.MULTILINE)[0]
    claims = {f"S2-U{n}" for n in range(1, 9)} | {"S4-U5", "S4-U6", "S4-U7"}
    assert set(re.findall(r"S\d-U\d+", box)) == claims
    table = box[box.index("| claim |") :]
    assert set(re.findall(r"S\d-U\d+", table)) == claims


def test_ads_as_told():
    said("thirty advertisers bid, with budgets for a day of 48 half hours")
    world = ads.Ads()
    assert (world.n_items, world.rounds) == (30, 48)
    said("it has most clicks", "four views in five to advertisers whose money is gone")
    assert best("ads", "label") == NAIVE
    assert figure("ads", "harm")[NAIVE] == pytest.approx(800, abs=60)
    value, revenue = figure("ads", "value"), figure("ads", "revenue")
    assert min(value, key=lambda p: value[p]) == min(revenue, key=lambda p: revenue[p]) == NAIVE
    assert revenue["preference + mask"] > 2 * revenue[NAIVE]
    by_bid = value["bid x chance"]
    assert value["preference + mask"] < by_bid < value["bid x chance, paced"]
    said("A weight taken for a chance sells no worse than Platt's chance")
    assert value["bid x attention"] > 0.95 * by_bid


def test_a_factor_common_to_all_chances_changes_neither_winner_nor_price():
    rng = np.random.default_rng(0)
    for _ in range(50):
        bids, p = rng.uniform(0, 5, 6), rng.uniform(0.01, 0.5, 6)
        one, other = formulas.second_price(bids, p), formulas.second_price(bids, 0.3 * p)
        np.testing.assert_allclose(one, other)


def test_reliability_lies_where_the_caption_says():
    world = ads.Ads(seed=0)
    new = world.observe(1000)
    state = worlds.State(0, 0, new["history"], {"bids": world.bids})
    rows = np.arange(len(new["item"])), new["item"]
    means = {way: c(state)[rows].mean() for way, c in world.chances(world.observe(0)).items()}
    clicked = new["click"].mean()
    assert means["share"] < 0.5 * clicked
    assert means["sigmoid"] > 3 * clicked
    assert means["platt"] == pytest.approx(clicked, rel=0.1)


def test_news_and_music_as_told():
    said("half-lives from two hours to two days", "seven plays in ten are repeats")
    assert (news.HALF_LIVES.min(), news.HALF_LIVES.max()) == (2, 48)
    assert figure("music", "repeats")[NAIVE] == pytest.approx(70, abs=3)
    said("stories that are most of a day old", "both together three times as well")
    assert 16 < figure("news", "age")[NAIVE] < 24
    reads = figure("news", "reads")
    assert reads[NAIVE] < reads["newest first"] < reads["chance x freshness"]
    assert reads["chance x freshness"] / reads[NAIVE] == pytest.approx(3.2, abs=0.5)
    hits = figure("music", "hits")
    said("costs more than half of the hits", "doubles what attention has without hiding")
    assert hits[NAIVE] < 0.5 * hits["preference, repeats"]
    assert hits["repeats"] > 2 * hits["preference + mask"]
    said("what was played in this session adds a little")
    assert hits["repeats"] < hits["repeats, session"] < 1.1 * hits["repeats"]
    assert best("music", "hits_new") == NAIVE


def test_people_as_told():
    said("an inbox is read up to the third message", "one in three of them is never read")
    assert social.READS == 3
    assert best("social", "label") == NAIVE
    assert 30 < figure("social", "unread")[NAIVE] < 40
    matches = figure("social", "matches")
    said("Asking both sides brings half as many matches again", "leaves no message unread")
    assert matches["harmonic mean"] / matches[NAIVE] == pytest.approx(1.5, abs=0.15)
    assert matches["harmonic mean"] >= matches["product"]
    assert figure("social", "unread")["product, shared out"] == 0
    assert matches["product, shared out"] > 0.97 * max(matches.values())


def test_education_as_told():
    said("nine in ten are on something mastered already", "With the mask it is about five")
    gained = figure("education", "gained")
    assert figure("education", "idle")[NAIVE] == pytest.approx(90, abs=4)
    assert gained[NAIVE] < 1
    masked = [policy for policy in gained if "mask" in policy]
    assert all(4.5 < gained[policy] < 5.5 for policy in masked)
    assert figure("education", "label")["learning style"] > 85
    said("from a chance of .95 on, instead of .8, halves it")
    surer, harm = figure("education, surer of mastery", "harm"), figure("education", "harm")
    for policy in masked:
        assert surer[policy] / harm[policy] == pytest.approx(0.5, abs=0.1)
    assert gained["learning style"] < 1


def test_finance_as_told():
    said(
        "Two in three sales are unsuitable",
        "Ranking by {eq}`eq-certain` behind the mask is worth most",
    )
    assert best("finance", "label") == NAIVE
    worth, bad = figure("finance", "worth"), figure("finance", "unsuitable")
    assert worth[NAIVE] < 0
    assert bad[NAIVE] == pytest.approx(667, abs=50)
    assert max(worth, key=lambda p: worth[p]) in {"worth + mask", "worth x liking + mask"}
    assert bad["worth x liking + mask"] > bad["preference + mask"]
    assert bad["worth x liking, margin"] < 0.3 * bad["worth x liking + mask"]
    assert worth["worth x liking, margin"] < worth["worth x liking + mask"]


def test_plainly_compared_the_strongest_look_useless():
    clinic = worlds.WORLDS["medicine"](seed=0)
    effects = clinic.effects(clinic.observe(0))
    assert len(effects["true"]) == 8
    strong = effects["true"] > 0.7
    assert (effects["raw"][strong] < 0).all()
    np.testing.assert_allclose(effects["adjusted"], effects["true"], atol=0.25)


def test_medicine_as_told():
    benefit, wrong = figure("medicine", "benefit"), figure("medicine", "forbidden")
    said("does nothing on average", "is worse, if anything", "one patient in twenty")
    assert abs(benefit[NAIVE]) < 0.2
    assert benefit["outcomes"] < 0
    assert benefit["preference + mask"] > benefit["effect"]
    assert benefit["effect + mask"] / benefit["outcomes + mask"] == pytest.approx(2, abs=0.4)
    assert benefit["effect, penalty"] > 0.8 * benefit["effect + mask"]
    assert wrong["effect, penalty"] == pytest.approx(50, abs=15)
    assert benefit["effect + mask, silence"] > 0.93 * benefit["effect + mask"]
    assert figure("medicine", "worse")["effect + mask, silence"] < 2


def test_the_surest_fifth_is_safe_by_outcomes_and_nearly_all_by_effects():
    said("only the surest fifth", "nearly everybody can be answered")
    clinic = worlds.WORLDS["medicine"](seed=0)
    log, patients = clinic.observe(0), clinic.start(0)
    may = clinic.allowed(patients)
    safe = []
    for adjusted in (False, True):
        model = worlds.medicine.Outcomes(log, clinic.n_items, adjusted)
        effect, error = (table[:, 1:] for table in model.effect(patients))
        one = np.where(may[:, 1:], effect, -np.inf).argmax(axis=1)
        each, some = (np.arange(len(one)), one), may.any(axis=1)
        worse = patients.hidden["effect"][:, 1:][each] < 0
        coverage, risk = formulas.coverage_risk((effect / error)[each][some], worse[some])
        safe.append(coverage[risk == 0].max())
    assert safe[0] == pytest.approx(0.2, abs=0.06)
    assert safe[1] > 0.9


def test_travel_as_told():
    said("none to five bookings")
    history = worlds.WORLDS["travel"](seed=0).observe(0)["history"]
    counts = (history > 0).sum(axis=1)
    assert (counts.min(), counts.max()) == (0, 5)
    bookings, new = figure("travel", "bookings"), figure("travel", "bookings_new")
    assert bookings["preference + mask"] < min(bookings["gated"], bookings["popular"])
    assert max(bookings, key=lambda p: bookings[p]) == "gated + popular"
    assert new["gated"] == new["preference + mask"] < new["popular"]


def test_the_label_finds_the_best_policy_in_three_worlds_and_the_naive_one_in_three():
    said(
        "In news, music and travel the label is the measure", "in ads, social and finance it picks"
    )
    agree, naive = set(), set()
    for name, made in worlds.WORLDS.items():
        measure = figure(name, made.card.measure)
        assert max(measure, key=lambda p: measure[p]) != NAIVE
        if best(name, "label") == best(name, made.card.measure):
            agree.add(name)
        if best(name, "label") == NAIVE:
            naive.add(name)
            assert min(measure, key=lambda p: measure[p]) == NAIVE
    assert agree == {"news", "music", "travel"}
    assert naive == {"ads", "social", "finance"}


def test_simple_things_win_where_the_chapter_says():
    said("is not behind the gated one", "is as good as attention behind it")
    for name, simple, attends in (
        ("travel", "popular", "gated"),
        ("education", "chance + mask", "preference + mask"),
    ):
        rows = tuple(row for row in KEPT["rows"] if row["world"] == name)
        found = worlds.Contest(name, worlds.WORLDS[name].card.measure, rows)
        assert found.more(simple, than=attends)[2] > 0, name


def test_eighty_people_and_a_hundred_thousand_states():
    said("Eighty people who recover or do not", "A hundred thousand states")
    groups = re.findall(r"\((\d), (\d), (\d+), (\d+)\)", TEXT)
    assert sum(int(n) for *_, n, _ in groups) == 80
    assert "100_000" in TEXT
