"""A page of working in headless Chromium: a changed number gives what ``change`` gives."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from attnrec_lite.working import Working

pytestmark = pytest.mark.slow
SCORE = Working("one score and its weight", q1=1.0, k1=0.5, q10=-0.25, k10=3.0).steps(
    s="q1 * k1 + q10 * k10",
    e="exp(s)",
    a="e / (e + 1)",
    b="-a ** 2 - (q1 - 2) ** -1",
    c="max(k1, k10, 1.5) / min(q1, s)",
    d="sqrt(k1) + log(k10) + tanh(q10)",
    f="1 / (k1 - k1) + s * 1e-9",
    g="(1 / (k1 - k1)) ** 0",
)
OTHER = Working("another page with the same names", q1=2.0).steps(s="q1 / 3", e="s - 1e-9")
TWIN = Working("a page that stands twice", x=2.0).steps(y="x ** 2")
DOCUMENT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Working</title>
<meta name="viewport" content="width=device-width">
<main><h1>Working</h1>{pages}</main></html>"""


@pytest.fixture
def load(browser, tmp_path):
    """Open pages of working side by side; any request or complaint of the console fails."""
    contexts, problems = [], []

    def opened(*workings: Working, scripts: bool = True) -> Page:
        file = tmp_path / "page.html"
        html = DOCUMENT.format(pages="\n".join(w._repr_html_() for w in workings))
        file.write_text(html, encoding="utf8")
        contexts.append(browser.new_context(java_script_enabled=scripts))
        page = contexts[-1].new_page()
        page.on("console", lambda m: problems.append(m.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda r: r.url.startswith("file:") or problems.append(r.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not problems


def printed(page: Page, place: int = 0) -> list[tuple[str, ...]]:
    """Name, formula, numbers and result of every line of one table, as shown."""
    rows = page.locator("table.working").nth(place).locator("tbody tr").all()
    return [tuple(cell.inner_text() for cell in row.locator("th, td").all()) for row in rows]


def expected(working: Working) -> list[tuple[str, ...]]:
    return [row[:4] for row in working._rows()]


def put(page: Page, name: str, value: object, place: int = 0) -> None:
    box = page.locator("div.working").nth(place).get_by_label(name, exact=True)
    box.fill(str(value))


def test_the_page_shows_what_python_shows_before_anything_is_changed(load):
    page = load(SCORE, OTHER)
    assert printed(page) == expected(SCORE)
    assert printed(page, 1) == expected(OTHER)


@pytest.mark.parametrize(
    "given",
    [
        {"q1": 2.0}, {"q1": -1.5, "k1": 4.0}, {"k10": 0.0}, {"k1": -2.25}, {"q10": 1e-5},
        {"q1": 1e9, "k1": -3e12}, {"q1": 800.0, "k1": 1.0}, {"k1": 0.03125, "q10": 0.0},
        {"q1": 2.0, "k1": 0.375, "q10": 0.0},
    ],
)  # fmt: skip
def test_a_changed_number_gives_the_lines_that_change_gives(load, given):
    page = load(SCORE)
    for name, value in given.items():
        put(page, name, value)
    assert printed(page) == expected(SCORE.change(**given))


def test_an_emptied_box_makes_undefined_what_uses_it_and_nothing_else(load):
    page = load(SCORE)
    put(page, "q10", "")
    results = {row[0]: row[3] for row in printed(page)}
    undefined = {name for name, text in results.items() if text == "undefined"}
    assert undefined == {"s", "e", "a", "b", "c", "d", "f", "g"}
    put(page, "q10", "-0.25")
    put(page, "q1", "")
    assert printed(page)[5] == expected(SCORE)[5]


def test_pages_side_by_side_do_not_disturb_each_other(load):
    page = load(SCORE, OTHER, TWIN, TWIN)
    put(page, "q1", 5, place=1)
    assert printed(page) == expected(SCORE)
    assert printed(page, 1) == expected(OTHER.change(q1=5.0))
    put(page, "x", 3, place=3)
    assert printed(page, 2) == expected(TWIN)
    assert printed(page, 3) == expected(TWIN.change(x=3.0))
    assert page.locator("button").count() == 4  # none is brought to life twice


def test_the_page_leaves_no_global_name(load):
    names = "Object.keys(window).sort().join()"
    assert load(SCORE).evaluate(names) == load(Working("bare").steps(y="1")).evaluate(names)


def test_keyboard_alone_changes_a_number_and_takes_it_back(load):
    page = load(OTHER)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q1"
    page.keyboard.press("ArrowUp")
    assert printed(page) == expected(OTHER.change(q1=3.0))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Reset"
    page.keyboard.press("Enter")
    assert printed(page) == expected(OTHER)


def test_without_scripts_the_values_are_right_and_boxes_do_not_pretend(load):
    page = load(SCORE, scripts=False)
    assert printed(page) == expected(SCORE)
    assert page.locator("input:not([readonly])").count() == 0
    assert page.locator("button").count() == 0


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_is_accessible(load, width):
    page = load(SCORE, OTHER)
    page.set_viewport_size({"width": width, "height": 900})
    found = Axe().run(page, options={"preload": False}).response["violations"]
    assert not found, json.dumps([[v["id"], v["nodes"][0]["html"][:160]] for v in found], indent=1)
