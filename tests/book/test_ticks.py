"""Ticks for chapters that were read: kept in the browser, shown wherever a chapter is named."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.slow
KEY = "attnrec-read"
REFUSE = "Object.defineProperty(window, 'localStorage', {get() {throw new DOMException('no')}})"
FULL = "Storage.prototype.setItem = () => {throw new DOMException('full', 'QuotaExceededError')}"
SHIFTS = """window.shifts = []; new PerformanceObserver(list => {
  for (const e of list.getEntries()) for (const s of e.sources ?? [])
    window.shifts.push(s.node?.outerHTML?.slice(0, 80) ?? String(s.node));
}).observe({type: 'layout-shift', buffered: true});"""


@pytest.fixture(scope="module")
def chapters(root):
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    return list(config["sphinx"]["config"]["chapter_numbers"])


@pytest.fixture
def visit(visit):
    """Windows without MathJax, which takes most of the time of a chapter and no part in ticks."""

    def new(*where, **how):
        seen = visit(*where, **how)
        script = {"content_type": "text/javascript", "body": ""}
        seen.page.context.route("**/mathjax/*", lambda route: route.fulfill(**script))
        seen.page.route("**/mathjax/*", lambda route: route.fulfill(**script))
        return seen

    return new


def kept(page):
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "[]")


def in_sidebar(page):
    """The names of the ticked entries, as a screen reader says them."""
    links = page.locator("nav.bd-links a").filter(has_text=", read")
    return [text.strip() for text in links.all_text_contents()]


def box(page):
    return page.get_by_role("checkbox", name="I have read this chapter")


def count(page):
    return page.locator(".ticks-all").get_by_role("status").inner_text()


def test_a_tick_is_set_kept_shown_everywhere_and_forgotten(visit, address):
    seen = visit(address)
    page = seen.open(f"{address}/book/privacy.html")
    assert in_sidebar(page) == []
    box(page).focus()
    page.keyboard.press("Space")
    assert kept(page) == ["privacy"]
    assert in_sidebar(page) == ["18. Privacy, read"]
    page.reload()
    assert box(page).is_checked()
    page = seen.open(f"{address}/book/evaluation.html")
    assert not box(page).is_checked()
    assert in_sidebar(page) == ["18. Privacy, read"]
    box(page).check()
    page = seen.open(f"{address}/book/paths.html")
    assert count(page) == "2 of 20 chapters read."
    ticked = page.locator("svg.chapter-map a").filter(has=page.locator("text"))
    assert [a.get_attribute("aria-label") for a in ticked.all()] == [
        "8 Evaluation, read", "18 Privacy, read",
    ]  # fmt: skip
    assert page.locator("article table a", has_text="Privacy, read").count() == 1
    page.get_by_role("button", name="Forget all ticks").click()
    assert count(page) == "0 of 20 chapters read."
    assert page.locator(".read, svg.chapter-map a text").count() == 0
    assert page.evaluate("localStorage.length") == page.evaluate(
        "Object.keys(localStorage).filter(k => k !== 'attnrec-read').length"
    )
    page = seen.open(f"{address}/book/privacy.html")
    assert not box(page).is_checked()
    assert not seen.problems


def test_a_tick_is_taken_back(visit, address):
    page = visit(address).open(f"{address}/book/data.html")
    box(page).check()
    box(page).uncheck()
    assert kept(page) == []
    assert in_sidebar(page) == []


def test_a_tick_reaches_another_tab_and_a_page_gone_back_to(visit, address):
    seen = visit(address)
    page = seen.open(f"{address}/book/paths.html")
    other = page.context.new_page()
    other.goto(f"{address}/book/data.html")
    box(other).check()
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('1 ')")
    page.goto(f"{address}/book/online.html")
    box(page).check()
    page.go_back()
    assert count(page) == "2 of 20 chapters read."


@pytest.mark.parametrize("broken", [REFUSE, FULL], ids=["refused", "full"])
def test_without_storage_a_tick_lasts_for_the_page_and_says_so(visit, address, broken):
    seen = visit(address)  # the theme, too, asks for storage, and does not bear to be refused
    faults: list[str] = []
    seen.page.on("pageerror", lambda error: faults.append(error.stack or ""))
    seen.page.add_init_script(broken)
    page = seen.open(f"{address}/book/privacy.html")
    box(page).check()
    assert in_sidebar(page) == ["18. Privacy, read"]
    assert "ends with this page" in page.locator(".tick-note").inner_text()
    box(page).uncheck()
    assert in_sidebar(page) == []
    page.reload()
    assert not box(page).is_checked()
    assert not [fault for fault in faults if "ticks.js" in fault]


DAMAGED = ["", "{", "null", '"privacy"', '{"privacy": true}', "[[], 7, null, {}]"]


def test_damaged_ticks_do_no_harm(visit, address, chapters):
    seen = visit(address)
    page = seen.open(f"{address}/book/paths.html")
    for damaged in DAMAGED:
        page.evaluate(f"localStorage.setItem('{KEY}', {json.dumps(damaged)})")
        page.evaluate("dispatchEvent(new Event('storage'))")
        assert in_sidebar(page) == [], damaged
        assert count(page) == f"0 of {len(chapters)} chapters read.", damaged
    odd = json.dumps(json.dumps(["<img src=x>", "no-chapter", "privacy", "privacy"]))
    page.evaluate(f"localStorage.setItem('{KEY}', {odd})")
    page.reload()
    assert in_sidebar(page) == ["18. Privacy, read"]
    assert count(page) == f"1 of {len(chapters)} chapters read."
    page.evaluate(f"localStorage.setItem('{KEY}', '{{')")
    page = seen.open(f"{address}/book/data.html")
    box(page).check()
    assert kept(page) == ["data"]
    assert not seen.problems


def test_opened_as_a_file_ticks_work(visit, site):
    seen = visit("file://")
    page = seen.open(f"file://{site}/book/privacy.html")
    box(page).check()
    page = seen.open(f"file://{site}/book/paths.html")
    assert count(page) == "1 of 20 chapters read."
    page.get_by_role("link", name="18 Privacy, read").click()
    page.wait_for_url("**/privacy.html")
    assert not seen.problems


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["paths", "privacy"])
def test_ticked_pages_are_accessible_and_nothing_moves(visit, address, chapters, name, theme):
    seen = visit(address, theme=theme)
    page = seen.open(f"{address}/book/{name}.html")
    page.evaluate(f"localStorage.setItem('{KEY}', {json.dumps(json.dumps(chapters))})")
    page.add_init_script(SHIFTS)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.reload()
        page.wait_for_timeout(300)
        assert len(page.locator(".read").all()) >= 20
        moved = [node for node in page.evaluate("shifts") if "tick" in node or "read" in node]
        assert not moved
        parts = [".bd-sidebar-primary", ".tick" if name == "privacy" else "article"]
        shown = {"include": [[part] for part in parts]}
        found = Axe().run(page, shown, {"preload": False}).response["violations"]
        assert not [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found]
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert not seen.problems


def test_a_tick_takes_no_room(visit, address, chapters):
    page = visit(address).open(f"{address}/book/paths.html")
    sizes = (
        "[...document.querySelectorAll('nav.bd-links a, article a, article p, .ticks-all')].map("
        "e => {const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]})"
    )
    before = page.evaluate(sizes)
    page.evaluate(f"localStorage.setItem('{KEY}', {json.dumps(json.dumps(chapters))})")
    page.evaluate("dispatchEvent(new Event('storage'))")
    assert page.locator(".read").count() >= 20
    moved = np.abs(np.array(page.evaluate(sizes)) - np.array(before)).max()
    assert moved < 2, "more than a letter moves that is no longer kerned with its comma"


def test_on_paper_and_without_script_there_is_no_box(visit, address, browser):
    page = visit(address).open(f"{address}/book/privacy.html")
    page.emulate_media(media="print")
    assert not box(page).is_visible()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/privacy.html")
    assert not page.locator(".tick input").is_visible()
    context.close()


def test_ticks_and_chapters_that_were_not_there_when_they_were_kept(visit, address):
    page = visit(address).open(f"{address}/book/data.html")
    page.evaluate(f"localStorage.setItem('{KEY}', '[\"of-an-older-edition\"]')")
    page.reload()
    box(page).check()
    assert kept(page) == ["of-an-older-edition", "data"], "another edition's ticks are left alone"
