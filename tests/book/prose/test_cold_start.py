"""Figures that stand in the prose of chapter 15 are recomputed."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import cold_start, data, formulas, results
from attnrec_lite.data.shop import make_shop
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import Popularity, SegmentPopularity

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "cold-start.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)


@pytest.fixture(scope="module")
def shop():
    return make_shop(seed=0)


@pytest.fixture(scope="module")
def split(shop):
    return cold_start.new_users(shop.log, share=0.3)


def test_all_24_items_are_in_the_table_with_their_verdicts():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    mine = {item["id"]: item["verdict"] for item in items if item["chapter"] == "cold-start"}
    rows = re.findall(r"^\| (S\d-\w+) \|[^|]*\| (.) (\w+) \|", TEXT, flags=re.MULTILINE)
    assert {name: verdict for name, _, verdict in rows} == mine
    assert len(rows) == len(mine) == 24
    assert "24 items of the articles S0 to S4" in TEXT


def test_the_table_says_where_each_item_is_treated():
    where = dict(re.findall(r"^\| (S\d-\w+) \|.*\| ([^|]+) \|$", TEXT, flags=re.MULTILINE))
    sections = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    treated = dict(zip(sections[1::2], sections[2::2], strict=True))
    for item, section in where.items():
        assert item in treated[section], f"{item} is not in the section {section!r}"


def test_newcomers_are_three_in_ten_and_in_no_training_row(shop, split):
    assert "Three in ten of the customers with at least eleven purchases" in TEXT
    able = np.sum(np.diff(shop.log.bounds()) >= 11)
    assert len(split.test) == round(0.3 * able)
    assert not np.isin(split.test.user, split.train.user).any()
    assert "more than a thousand customers" in TEXT
    assert 1000 < len(np.unique(split.train.user)) < 2000


def test_seven_in_ten_come_by_their_own_door_and_it_is_worth_twice_popularity(shop, split):
    assert "seven customers in ten come in by the door" in TEXT
    door, user = cold_start.entry_segment(shop), split.test.user
    own = np.mean(door == shop.shares.argmax(axis=1))
    assert 0.7 < own < 0.75  # some of the others hit it by chance
    first = data.Holdout(shop.log, shop.log.bounds()[user], "first")
    by_door = SegmentPopularity(shop.log.items, 12).fit(split.train, door)
    served = cold_start.evaluate_groups(by_door.of, door[user], first).mean("ndcg@10")
    popular = evaluate(Popularity(shop.log.items).fit(split.train), first).mean("ndcg@10")
    assert "worth more than twice popularity" in TEXT
    assert 2 < served / popular < 3.5


def test_one_answer_in_twenty_is_wrong_and_one_in_ten_is_silent():
    assert "one answer in twenty is wrong, and one in ten is" in TEXT
    chances = inspect.signature(cold_start.shop_answers).parameters
    assert (chances["error"].default, chances["silent"].default) == (0.05, 0.1)


def test_two_of_zoes_three_yeses_are_true_and_twenty_one_are_like_her(shop, split):
    assert "Two of her yeses say so, the third is a wrong answer" in TEXT
    assert "twenty-one customers alike are all that is left" in TEXT
    asked = np.arange(1, 25)
    assert (np.bincount(shop.category[asked]) == 2).all()  # two goods of each department
    said = cold_start.shop_answers(shop, asked)
    others = split.train.select(split.train.user != shop.names["Zoe"])
    tree = cold_start.Questionnaire(shop.log.items, questions=6).fit(others, said)
    answers: dict[int, float] = {}
    while (question := tree.next_question(answers)) is not None:
        answers[question] = said[shop.names["Zoe"], question]
    yes = [asked[question] for question, answer in answers.items() if answer == 1]
    wanted = shop.interests[shop.names["Zoe"], shop.category[yes]]
    assert wanted.tolist() == [True, True, False]
    assert len(tree.nodes[tree.reach(answers)].people) == 21


def test_a_choice_of_twelve_is_3_6_bits():
    assert r"\log_2 12\approx 3.6" in TEXT
    assert abs(np.log2(12) - 3.6) < 0.05


def test_the_drawing_has_the_shares_of_the_graph():
    drawn = (BOOK / "figures" / "no-edge.svg").read_text(encoding="utf8")
    edges = np.array([[1, 1, 0], [0, 1, 1]])
    shares, _ = formulas.propagate(edges, np.zeros((2, 3)), np.eye(3))
    written = sorted(re.findall(r">(\.\d\d)<", drawn))
    assert written == sorted(f"{share:.2f}"[1:] for share in shares[edges > 0])


def test_the_second_shop_shares_four_of_its_eight_departments():
    assert "four of its eight departments" in TEXT
    _, second = cold_start.two_shops()
    assert second.shared.sum() * 2 == second.log.n_items


KEPT = results.load("cold_start")["rows"]


def mean(part: str, model: str, key: str = "ndcg", **where: object) -> float:
    """Mean over the seeds of the kept rows."""
    like = {"part": part, "model": model, **where}
    found = [row[key] for row in KEPT if like.items() <= row.items()]
    assert found, like
    return float(np.mean(found))


def test_without_a_history_attention_is_popularity_and_one_purchase_brings_it_near_the_truth():
    assert "Without one, attention is popularity" in json.dumps(CELLS)
    at = {
        name: [mean("users", name, data="shop", known=k) for k in (0, 1, 2, 5, 10)]
        for name in (
            "sasrec", "ease", "lightgcn", "popularity", "segment popularity", "the truth"
        )
    }  # fmt: skip
    assert abs(at["sasrec"][0] - at["popularity"][0]) < 0.02
    assert "one purchase brings attention near the truth, where it stays" in TEXT
    assert all(at["sasrec"][k] > 0.85 * at["the truth"][k] for k in (1, 2, 3, 4))
    assert "comes nearly as far and falls back" in TEXT
    assert at["ease"][1] > 0.9 * at["sasrec"][1] > at["ease"][4]
    rest = [name for name in at if name not in ("segment popularity", "the truth")]
    assert at["segment popularity"][0] > 2 * max(at[name][0] for name in rest)
    for name in ("sasrec", "ease", "lightgcn"):  # whatever looks at the history
        assert at[name][1] > at["segment popularity"][1]
    assert "like all the others, and not higher" in TEXT
    assert at["lightgcn"][1] < at["ease"][1]


def test_on_films_attention_without_a_history_is_behind_popularity():
    assert "Without a history attention is *behind* popularity there" in TEXT
    at = {
        name: mean("users", name, data="films", known=0)
        for name in ("sasrec", "popularity", "ease")
    }
    assert at["sasrec"] < 0.8 * at["popularity"]


def test_the_first_shop_helps_on_the_first_day_where_both_sell_and_nowhere_else():
    assert "as well as it would after some two hundred customers of its own" in TEXT
    scratch = [mean("transfer", "from scratch", of="shared", known=k) for k in (50, 250)]
    assert scratch[0] < mean("transfer", "transferred", of="shared", known=0) < scratch[1]
    late = mean("transfer", "transferred", of="shared", known=250)
    assert abs(late - scratch[1]) < 0.03
    assert "In departments of its own there was none" in TEXT
    for k in (0, 10, 50, 250):
        own = [mean("transfer", n, of="own", known=k) for n in ("transferred", "from scratch")]
        assert own[0] < own[1] + 0.02


def test_a_hundred_labels_beside_the_clicks_are_worth_three_thousand_without():
    assert "A hundred labelled purchases beside the clicks are worth three thousand" in TEXT
    few = mean("tasks", "a tenth", "auc", known=100)
    assert abs(few - mean("tasks", "alone", "auc", known=3000)) < 0.02
    for k in (100, 300, 1000, 3000):
        order = [
            mean("tasks", n, "auc", known=k) for n in ("a tenth", "beside clicks, half", "alone")
        ]
        assert order == sorted(order, reverse=True)


def test_in_one_list_most_of_what_new_goods_had_among_themselves_is_gone():
    assert "most of it is gone" in TEXT
    ways = ("bpr + ridge", "tower, no dropout", "tower, dropout", "tower, content only")
    new = {way: mean("towers", way, of="cold") for way in ways}
    among = {way: mean("towers", way, of="cold among cold") for way in ways}
    assert max(among.values()) - min(among.values()) < 0.1  # do well and alike
    assert all(new[way] < 0.6 * among[way] for way in ways)
    assert "Dropout moves some of it back, content alone moves more" in TEXT
    assert new["tower, no dropout"] < new["tower, dropout"] < new["tower, content only"]
    old = {way: mean("towers", way, of="warm") for way in (*ways, "bpr")}
    assert old["tower, content only"] < old["tower, dropout"]
    assert "the first line spoils even the last column" in TEXT
    assert old["bpr"] < 0.8 * old["bpr + ridge"]


def test_without_a_row_only_content_helps_and_ridge_gives_way_too_early():
    names = "bpr", "bpr + ridge", "ease", "sasrec", "sasrec, content", "lightgcn"
    at = {
        name: [mean("items", name, data="shop", of="scarce", known=k) for k in (0, 1, 2, 5, 10)]
        for name in names
    }
    ids = "bpr", "ease", "sasrec", "lightgcn"
    assert "factors, attention and the graph have nothing, and content has all" in TEXT
    assert max(at[name][0] for name in ids) < 0.05
    assert min(at["bpr + ridge"][0], at["sasrec, content"][0]) > 0.3
    assert "With one row the model that was trained with content loses most of it" in TEXT
    assert at["sasrec, content"][1] < 0.4 * at["sasrec, content"][0]
    assert "Of the models of ids the graph makes most of a single row" in TEXT
    assert max(ids, key=lambda name: at[name][1]) == "lightgcn"
    assert "stays level that long" in TEXT
    assert max(at["bpr + ridge"][:3]) - min(at["bpr + ridge"][:3]) < 0.03
    assert "half of the quality goes" in TEXT
    assert at["bpr + ridge"][3] < 0.6 * at["bpr + ridge"][0]
    assert "even ten rows teach an id less than its content says" in TEXT
    assert max(at[name][4] for name in ids) < at["bpr + ridge"][0]
    assert "Other goods hardly notice, except with attention" in json.dumps(CELLS)
    for name in ids:
        rest = [mean("items", name, data="shop", of="rest", known=k) for k in (0, 10)]
        assert (rest[1] - rest[0] > 0.05) == (name == "sasrec")
        assert rest[1] > rest[0] - 0.02
