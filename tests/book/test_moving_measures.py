"""Figures of the chapters on interests, evaluation and experiments: operated, and held against
the package."""

from __future__ import annotations

import re
import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import experiments

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CELLS = "f => [...f.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
SPENT = """f => [...f.querySelectorAll('input[type=range], button')].map((control) => {
    const event = control.type === 'range' ? 'input' : 'click';
    return Math.min(...[1, 2, 3, 1, 2, 3].map((n) => {
        const { min, max } = control;
        if (event === 'input') control.value = Number(min) + n * (max - min) / 4;
        const from = performance.now();
        control.dispatchEvent(new Event(event));
        return performance.now() - from;
    }));
})"""
CHAPTER = {"taste": "multi-interest", "sampled": "evaluation", "peeking": "experiments"}


class Figure:
    """One figure of an opened chapter, and the script that its numbers come from."""

    def __init__(self, page, name: str) -> None:
        self.page = page
        self.script = runpy.run_path(str(ROOT / "book" / "moving" / f"{name}.py"))
        self.box = page.locator(f"figure:has(script[data-moving='{name}'])")
        self.box.locator("svg.moving-svg").wait_for()

    def control(self, label: str):
        return self.box.get_by_label(label, exact=True)

    def said(self) -> str:
        return self.box.locator(".moving-says").inner_text()

    def rows(self) -> list[list[str]]:
        return self.box.evaluate(CELLS)


@pytest.fixture
def opened(visit, site):
    """Open the chapter of a figure from its file; any request or complaint fails the test."""
    visits = []

    def show(name: str, width: int = 1440) -> Figure:
        visits.append(visit(site.as_uri(), width))
        return Figure(visits[-1].open((site / f"book/{CHAPTER[name]}.html").as_uri()), name)

    yield show
    assert [problem for seen in visits for problem in seen.problems] == []


@pytest.mark.parametrize("interests", [1, 2, 3])
def test_page_and_scores_are_those_of_the_package(opened, interests):
    figure = opened("taste")
    rank, goods = figure.script["rank"], figure.script["GOODS"]
    figure.control("Interests").select_option(str(interests))
    for name, degrees in figure.script["BOUGHT"].items():
        figure.control("Ravi bought").select_option(name)
        moved = [*degrees[:3], 33, *degrees[4:]]
        for bought in (degrees, moved):
            if bought is moved:
                figure.control("Number").select_option("4")
                figure.control("lies at").fill("33")
            vectors, scores = rank(bought, interests)
            shown = figure.rows()
            assert [row[2] for row in shown] == [f"{score:.3f}" for score in scores]
            best = np.argsort(-scores, kind="stable")[:4]
            page = re.search(r"On the page: (.*?)\.", figure.said())[1].split(", ")
            assert page == [goods[i][0] for i in best]
            assert f"{sum(goods[i][2] for i in best)} of 4 lie between" in figure.said()
            lengths = re.findall(r"length (\d\.\d\d)", figure.said())
            assert lengths == [f"{np.hypot(*v):.2f}" for v in vectors]


def test_one_vector_finds_what_nobody_wants_and_a_third_adds_nothing(opened):
    figure = opened("taste")
    assert "planter for the handlebar" in figure.said()
    assert "4 of 4 lie between" in figure.said()
    figure.control("Interests").select_option("2")
    assert "0 of 4 lie between" in figure.said()
    figure.control("Ravi bought").select_option("all three")
    figure.control("Interests").select_option("3")
    assert "0 of 4 lie between" in figure.said()


def test_purchase_can_be_dragged_and_the_slider_follows(opened):
    figure = opened("taste")
    grip = figure.box.locator(".moving-grip").nth(5)  # the purchase next to cycling
    grip.scroll_into_view_if_needed()
    held, scale = grip.bounding_box(), figure.box.locator("svg.moving-svg").bounding_box()
    one = scale["width"] / 520
    x, y = held["x"] + held["width"] / 2, held["y"] + held["height"] / 2
    figure.page.mouse.move(x, y)
    figure.page.mouse.down()
    figure.page.mouse.move(scale["x"] + (46 + 251) * one, scale["y"] + 351 * one, steps=4)
    figure.page.mouse.up()
    assert figure.control("Number").input_value() == "6"
    assert float(figure.control("lies at").input_value()) <= 1
    _, scores = figure.script["rank"]([4, 10, 18, 71, 79, 0], 1)
    assert figure.rows()[0][2] == f"{scores[0]:.3f}"


@pytest.mark.parametrize("metric", ["HR", "NDCG"])
@pytest.mark.parametrize(("place", "percent"), [(100, 10), (12, 10), (300, 35)])
def test_sampled_metrics_and_their_crossing_are_those_of_the_package(
    opened, metric, place, percent
):
    figure = opened("sampled")
    figure.control("Metric").select_option(metric)
    figure.control("A's place").fill(str(place))
    figure.control("B is first for").fill(str(percent))

    def both(drawn):
        return figure.script["both"](metric, drawn, place, percent / 100)

    for step in (0, 250, 400, 800, 1000):
        figure.control("Goods drawn").fill(str(step))
        drawn = round(10 * 999.9 ** (step / 1000))
        found = re.search(r"Against ([\d,]+) .*? of A (\S+), of B (\S+);", figure.said()).groups()
        assert found == (f"{drawn:,}", *(f"{x:.3f}" for x in both(drawn)))

    turn = int(re.search(r"B leads from ([\d,]+) on", figure.said())[1].replace(",", ""))
    (a, b), (before_a, before_b) = both(turn), both(turn - 1)
    assert a < b
    assert before_a >= before_b
    assert all(a < b for a, b in map(both, range(turn, 9_999, 500)))
    columns = {"HR": (1, 2), "NDCG": (3, 4)}[metric]
    for row in figure.rows():
        expected = both(int(row[0].replace(",", "")))
        assert [row[c] for c in columns] == [f"{x:.3f}" for x in expected]


def test_opening_of_the_chapter_is_the_first_frame(opened):
    figure = opened("sampled")
    assert "HR@10 of A 1.000, of B 0.100; A leads. B leads from 1,395 on" in figure.said()


def test_same_numbers_give_the_package_the_same_alarms(opened, monkeypatch):
    figure = opened("peeking")
    for seed in (1, 2):
        drawn = np.reshape(figure.box.evaluate("f => [...f.drawn]"), (1_000, 100))
        np.testing.assert_allclose(drawn, figure.script["blocks"](seed), atol=1e-9)

        class Drawn:
            normal = staticmethod(lambda mean, spread, shape, given=drawn: given)

        with monkeypatch.context() as patch:
            patch.setattr(np.random, "default_rng", lambda seed: Drawn)
            for looks, *shown in figure.rows():
                asked = [(1, None), (int(looks), None), (int(looks), 0.12)]
                found = [
                    experiments.simulate_looks(n, tests=1_000, tau=tau).found.sum()
                    for n, tau in asked
                ]
                assert list(map(int, shown)) == found
        figure.box.get_by_role("button", name="Draw again").click()


def test_peeking_breaks_the_promise_and_the_mixture_keeps_it(opened):
    figure = opened("peeking")
    for draw in range(1, 9):
        assert f"Draw {draw}, " in figure.said()
        for looks, end, first, mixture in ([int(cell) for cell in row] for row in figure.rows()):
            assert mixture < 50, "above the 5 % that it promises"
            assert end < 75, "one look is one look"
            assert first == end if looks == 1 else first > end
        assert first > 300
        figure.box.get_by_role("button", name="Draw again").click()


def test_what_is_drawn_follows_the_controls(opened):
    figure = opened("peeking")
    dots = figure.box.locator("svg.moving-svg circle[r='5']")
    script = figure.script
    for index in (0, 5, 8):
        figure.control("Looks").fill(str(index))
        looks = script["LOOKS"][index]
        kept = np.arange(100 // looks - 1, 100, 100 // looks)
        z = script["blocks"](1).cumsum(1)[:24, kept] / np.sqrt(20 * (kept + 1))
        outside = np.abs(z) > script["data"]()["edge"]
        figure.control("stop at the first |z| > 1.96").check()
        assert dots.count() == outside.any(1).sum()
        figure.control("stop at the first |z| > 1.96").uncheck()
        assert dots.count() == outside[:, -1].sum()
        counts = script["count"](1, looks)
        said = re.search(r"tests of nothing: (\d+) .*?, (\d+) .*?, (\d+) ", figure.said())
        assert tuple(map(int, said.groups())) == counts
        shares = [f"{count / 10:.1f} %" for count in counts]
        texts = figure.box.locator("svg.moving-svg text").all_text_contents()
        assert [text for text in texts if re.fullmatch(r"[\d.]+ %", text)] == shares


@pytest.mark.parametrize("name", CHAPTER)
def test_change_takes_less_than_a_tenth_of_a_second(opened, name):
    figure = opened(name)
    spent = figure.box.evaluate(SPENT)
    assert spent
    assert max(spent) < 100


def test_seeds_do_not_share_numbers():
    factor, step = 0x27D4EB2F, 0x6D2B79F5  # of peeking.py and peeking.js
    back = pow(step, -1, 2**32)
    begins = sorted(seed * factor * back % 2**32 for seed in range(1, 1_001))
    apart = [b - a for a, b in pairwise(begins)] + [begins[0] + 2**32 - begins[-1]]
    assert min(apart) >= 1_000 * 100
