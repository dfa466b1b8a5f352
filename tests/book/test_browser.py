"""The site in headless Chromium, with every other host cut off."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from execute import documents
from playwright.sync_api import Page

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
TOC = list(documents(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))
every_page = pytest.mark.parametrize("name", [*TOC, "search", "genindex"])


OPEN_ALL = """() => {
  for (const box of document.querySelectorAll("article details")) box.open = true;
  for (const box of document.querySelectorAll("article .toggle-hidden")) {
    box.querySelector("button.toggle-button")?.click();
  }
}"""


def assert_accessible(page: Page, where: str) -> None:
    """Every rule of axe; inside of formulas there is MathJax's markup alone, which is left out."""
    context, options = {"exclude": [["mjx-container"]]}, {"preload": False}
    found = Axe().run(page, context, options | {"resultTypes": ["violations"]}).response
    told = [
        {"rule": rule["id"], "at": [node["html"][:160] for node in rule["nodes"][:3]]}
        for rule in found["violations"]
    ]
    assert not told, f"{where}: {json.dumps(told, indent=1)}"


@every_page
def test_page_is_silent_light_fits_and_is_accessible(visit, address, name):
    seen = visit(address)
    page = seen.open(f"{address}/{name}.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    sizes = {url.rsplit("/", 1)[-1][:40]: len(body) for url, body in seen.bytes.items()}
    heaviest = sorted(sizes.items(), key=lambda pair: -pair[1])[:5]
    assert sum(len(body) for body in seen.bytes.values()) < 3.5e6, heaviest
    assert sum(len(gzip.compress(body, 6)) for body in seen.bytes.values()) < 1e6, heaviest
    page.evaluate(OPEN_ALL)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"at {width} px the page scrolls sideways by {wide} px"
        assert not seen.problems
        assert_accessible(page, f"at {width} px")


@every_page
def test_page_in_the_dark_is_accessible_with_figures_left_as_drawn(visit, address, name):
    seen = visit(address, theme="dark")
    page = seen.open(f"{address}/{name}.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate(OPEN_ALL)
    assert_accessible(page, "in the dark")
    styles = page.eval_on_selector_all(
        "article img",
        "all => all.map(i => [getComputedStyle(i).filter, getComputedStyle(i).backgroundColor])",
    )
    assert all(style == ["none", "rgba(0, 0, 0, 0)"] for style in styles)
    assert not seen.problems


def test_a_formula_is_accessible_inside(visit, address):
    page = visit(address).open(f"{address}/book/by-hand.html")
    found = Axe().run(page, "mjx-container", {"preload": False}).response
    assert not found["violations"]
    assert found["passes"]


def test_search_finds_a_word_and_leads_to_the_chapter(visit, address):
    seen = visit(address)
    page = seen.open(f"{address}/search.html?q=softmax")
    page.wait_for_selector("ul.search li a", timeout=20_000)
    links = page.eval_on_selector_all("ul.search li a", "all => all.map(a => a.href)")
    assert any("book/scores-and-weights.html" in link for link in links)
    page.goto(links[0])
    assert page.locator("article h1").count() == 1
    assert not seen.problems


def test_search_button_opens_a_field_that_takes_the_keyboard(visit, address):
    page = visit(address).open(f"{address}/{TOC[0]}.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("softmax")
    assert page.evaluate("document.activeElement.value") == "softmax"


@pytest.mark.parametrize("name", TOC)
def test_page_opened_as_a_file_shows_text_maths_and_figures(visit, site, name):
    seen = visit("file://")
    page = seen.open(f"file://{site / name}.html")
    assert len(page.inner_text("article")) > 40
    assert page.locator("article .math").count() <= page.locator("article mjx-container").count()
    assert page.locator("article mjx-merror").count() == 0
    assert page.locator("article [mathcolor=red]").count() == 0, "an unknown TeX command"
    page.evaluate("for (const i of document.images) i.loading = 'eager'")
    page.wait_for_function("[...document.images].every(i => i.complete)")
    shown = "[...document.querySelectorAll('article img')].every(i => i.naturalWidth > 0)"
    assert page.evaluate(shown)
    assert not seen.problems


def test_paper_shows_the_article_and_nothing_of_the_frame(visit, address):
    page = visit(address).open(f"{address}/book/scores-and-weights.html")
    page.emulate_media(media="print")
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".prev-next-area"):
        assert not page.locator(part).first.is_visible(), part
    assert page.locator("h1:visible").count() == 1
    assert page.locator("article h2").first.is_visible()


def test_keyboard_reaches_the_text_first_and_what_scrolls_by_itself(visit, address):
    page = visit(address, 390).open(f"{address}/book/scores-and-weights.html")
    page.keyboard.press("Tab")
    assert "skip" in page.evaluate("document.activeElement.textContent.toLowerCase()")
    hidden = page.evaluate(
        "[...document.querySelectorAll('article div.math, article pre')].filter("
        "b => b.scrollWidth > b.clientWidth + 1 && getComputedStyle(b).overflowX !== 'visible'"
        " && b.tabIndex < 0).map(b => b.outerHTML.slice(0, 200))"
    )
    assert not hidden
