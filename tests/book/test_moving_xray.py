"""The attention x-ray of chapter 17 shows what the package's model answers."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from attnrec_lite import explain, formulas

AWAY = [(), (3,), (0, 3, 5), (0, 1, 2, 4, 5, 6, 7)]  # films taken away, the newest is 0


@pytest.fixture(scope="module")
def script(root):
    """The Python side of the figure, as the build loads it."""
    path = root / "book" / "moving" / "xray.py"
    spec = importlib.util.spec_from_file_location("xray", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def figure(visit, address):
    """The figure on its page, its table opened."""
    page = visit(address).open(f"{address}/book/explanation.html")
    found = page.locator("figure:has(script[data-moving='xray'])")
    found.locator("details.moving-numbers summary").click()
    return found


def number(text):
    return float(text.replace("−", "-"))


def shown(figure):
    """Titles of the list, and the table: film, weight, effect."""
    options = figure.get_by_label("Recommendation", exact=True).locator("option").all_inner_texts()
    rows = [row.locator("th, td").all_inner_texts() for row in figure.locator("tbody tr").all()]
    return [text.partition(". ")[2] for text in options], rows


def expected(script, viewer, away):
    """Ids of the list and the history that is left, by the package."""
    model, histories, rated = script.trained()
    kept = np.delete(histories[viewer][::-1], away)[::-1]
    scores = model.score_all([kept])
    scores[:, rated[viewer]] = -np.inf
    return model, kept, np.argsort(-scores[0], kind="stable")[:5]


def apart(numbers, gap):
    """Whether the order of several numbers is safe from what the page rounds away."""
    return len(numbers) > 1 and np.diff(np.sort(numbers)).min() > gap


@pytest.mark.slow
def test_lists_weights_and_effects_are_those_of_the_package(figure, script):
    for viewer, place in ((0, 0), (4, 3)):
        figure.get_by_label("Viewer", exact=True).select_option(str(viewer))
        for away in AWAY:
            for j, box in enumerate(figure.get_by_role("checkbox").all()):
                box.set_checked(j not in away)
            figure.get_by_label("Recommendation", exact=True).select_option(str(place))
            model, kept, best = expected(script, viewer, away)
            titles, rows = shown(figure)
            assert titles == [script.title(model, film) for film in best]
            item = int(best[place])
            kinds, effects = explain.left_out(model, kept, item)
            weights = model.attention([kept], [[item]]).weights[0, 0, ::-1]
            assert [row[0] for row in rows] == [script.title(model, film) for film in kinds]
            np.testing.assert_allclose([float(row[1]) for row in rows], weights, atol=0.006)
            np.testing.assert_allclose([number(row[2]) for row in rows], effects, atol=0.008)
            said = figure.locator(".moving-says").inner_text()
            if apart(weights, 0.0005) and apart(effects, 0.003):
                rho = formulas.rank_agreement(weights, effects)
                assert number(said.rpartition("agree by ")[2].rstrip(".")) == pytest.approx(
                    rho, abs=0.006
                )
            margin = explain.margins(model, [kept], [item])[0]
            drawn = figure.locator("svg g.moving-press").nth(place).locator("text").last
            assert number(drawn.text_content()) == pytest.approx(margin, abs=0.008)


def test_weights_are_shares_and_a_film_taken_away_has_none(figure):
    figure.get_by_label("Viewer", exact=True).select_option("2")
    before, rows = shown(figure)
    assert len(rows) == 8
    for left in range(7, -1, -1):
        film = figure.get_by_role("checkbox", checked=True).first
        film.uncheck()
        titles, rows = shown(figure)
        assert len(set(titles)) == 5
        assert len(rows) == left
        total = sum(float(row[1]) for row in rows)
        assert total == pytest.approx(1 if left else 0, abs=0.005 * left + 1e-9)
    assert "everybody" in figure.locator(".moving-says").inner_text()
    figure.get_by_role("button", name="All films back").click()
    assert shown(figure)[0] == before
    assert figure.get_by_role("checkbox", checked=True).count() == 8


def test_where_it_looks_and_what_it_needs_seldom_is_the_same_film(figure):
    """What the caption says, counted over all viewers and recommendations."""
    same = []
    for viewer in range(8):
        figure.get_by_label("Viewer", exact=True).select_option(str(viewer))
        for place in range(5):
            figure.get_by_label("Recommendation", exact=True).select_option(str(place))
            rows = shown(figure)[1]
            weights, effects = ([number(row[column]) for row in rows] for column in (1, 2))
            same.append(np.argmax(weights) == np.argmax(effects))
    assert len(same) == 40
    assert np.mean(same) < 1 / 3


def test_nothing_says_who_the_viewers_are(root, site):
    kept = json.loads((root / "_build" / "moving" / "xray.json").read_text(encoding="utf8"))
    assert set(kept["data"]) == {"ago", "others", "viewers"}
    for viewer in kept["data"]["viewers"]:
        assert set(viewer) == {"films", "candidates", "loud", "says", "start", "means"}
        assert len(viewer["films"]) == 8
        assert len(viewer["means"]) == 2**8
        assert set(viewer["films"]).isdisjoint(viewer["candidates"])
