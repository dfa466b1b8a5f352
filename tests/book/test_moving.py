"""Figures that move: by keyboard alone, for assistive technology, and without scripts too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import moving
import pytest
from axe_playwright_python.sync_playwright import Axe
from docutils import nodes
from sphinx.errors import ExtensionError
from stills import placed, still

from attnrec_lite import plot

ROOT = Path(__file__).resolve().parents[2]
FIGURES = sorted(placed(ROOT))
CHAPTERS = sorted({chapter for chapter, _ in FIGURES})
slow = pytest.mark.slow
every_figure = pytest.mark.parametrize(("chapter", "name"), FIGURES)
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
HERE = "figure:has(script[data-moving='{}'])"
ROWS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
# What of a figure is shown now.
SHOWN = "figure => ['.moving-says', 'svg', 'table'].map(p => figure.querySelector(p).innerHTML)"


def opened(visit, address, chapter, *more):
    seen = visit(address, *more)
    seen.page.route("**/mathjax/**", lambda route: route.fulfill(body=""))  # seconds per page
    return seen, seen.open(f"{address}/book/{chapter}.html")


@slow
@every_figure
def test_first_frame_is_the_committed_still_and_the_table_that_the_package_computed(
    visit, address, chapter, name
):
    seen, page = opened(visit, address, chapter)
    figure = page.locator(HERE.format(name))
    committed = (ROOT / "book" / "figures" / f"moving-{name}.svg").read_text(encoding="utf8")
    assert still(page, name) == committed, "run `make stills`"
    found = moving.computed(ROOT, name)
    shown = figure.locator("details tr").evaluate_all(ROWS)
    assert shown == [found["header"], *found["rows"]]
    assert figure.locator("img").count() == 0
    assert figure.locator(".moving-says").inner_text()
    assert not seen.problems


@slow
@every_figure
def test_keyboard_alone_reaches_and_works_every_control(visit, address, chapter, name):
    seen, page = opened(visit, address, chapter)
    figure, asked = page.locator(HERE.format(name)), set(seen.bytes)
    reachable = figure.locator("input:enabled, select, button:enabled, [role=button][tabindex='0']")
    keys = {"range": ["ArrowLeft", "ArrowRight"], "select-one": ["ArrowDown", "ArrowUp"],
            "checkbox": ["Space", "Space"]}  # and back, for the next control  # fmt: skip
    idle, count = [], reachable.count()
    assert count
    page.evaluate("f => { f.tabIndex = -1; f.focus({ preventScroll: true }) }",
                  figure.element_handle())  # fmt: skip
    for place in range(count):
        page.keyboard.press("Tab")
        kind, said, inside = figure.evaluate("""f => {
            const e = document.activeElement, label = e.labels?.[0]?.textContent;
            return [e.type ?? e.role, label || e.textContent || e.ariaLabel, f !== e && f.contains(e)];
        }""")  # noqa: E501
        assert inside, f"the keyboard leaves after {place} of {count} controls"
        before, changed = figure.evaluate(SHOWN), False
        for key in keys.get(kind, ["Space"]):
            page.keyboard.press(key)
            changed |= figure.evaluate(SHOWN) != before
        if not changed and kind != "button":  # to start anew may change nothing
            idle.append(said)
    assert not idle, "controls that change nothing"
    assert not seen.problems
    late = [url for url in set(seen.bytes) - asked if not re.search("/_images/|/mathjax/", url)]
    assert not late, "it asked the server for something"


@slow
@every_chapter
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_opened_figures_are_accessible_and_fit(visit, address, chapter, width, theme):
    _, page = opened(visit, address, chapter, width, theme)
    for details in page.locator("details.moving-numbers > summary").all():
        details.press("Enter")
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    found = Axe().run(page, "figure.moving", {"preload": False}).response["violations"]
    told = [{"rule": v["id"], "at": [n["html"][:160] for n in v["nodes"][:3]]} for v in found]
    assert not told, json.dumps(told, indent=1)


@slow
@every_chapter
def test_text_of_drawings_is_large_enough_and_inside(visit, address, chapter):
    _, page = opened(visit, address, chapter)
    wrong = page.evaluate("""[...document.querySelectorAll("svg.moving-svg text")].filter(text => {
        const box = text.getBoundingClientRect(), frame = text.ownerSVGElement.getBoundingClientRect();
        const inside = box.left >= frame.left - 2 && box.right <= frame.right + 2
            && box.top >= frame.top - 4 && box.bottom <= frame.bottom + 4;
        return text.textContent.trim() && !(inside && parseFloat(getComputedStyle(text).fontSize) >= 13);
    }).map(text => text.textContent)""")  # noqa: E501
    assert not wrong


@slow
@every_chapter
def test_without_scripts_the_still_and_the_table_are_there(browser, address, chapter):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/{chapter}.html")
    for name in [name for place, name in FIGURES if place == chapter]:
        figure = page.locator(HERE.format(name))
        assert figure.locator("img").is_visible()
        assert figure.locator("details tr").count() > 1
        figure.locator("summary").press("Enter")
        assert figure.locator("table").is_visible()
    context.close()


@slow
def test_a_script_that_fails_leaves_the_still(browser, address):
    chapter, name = FIGURES[0]
    page = browser.new_page()
    page.route(f"**/moving/{name}.js*", lambda route: route.fulfill(
        body=f'Moving.figure("{name}", () => {{ throw new Error("broken"); }});'
    ))  # fmt: skip
    page.goto(f"{address}/book/{chapter}.html")
    assert page.locator(HERE.format(name)).locator("img").is_visible()
    page.close()


@slow
def test_reduced_motion_is_known_and_nothing_moves_by_itself(browser, address):
    context = browser.new_context(reduced_motion="reduce")
    for chapter in CHAPTERS:
        page = context.new_page()
        page.goto(f"{address}/book/{chapter}.html")
        assert page.evaluate("Moving.still") is True
        figures = page.locator("figure.moving")
        before = [f.evaluate(SHOWN) for f in figures.all()]
        page.wait_for_timeout(400)
        assert [f.evaluate(SHOWN) for f in figures.all()] == before
        assert page.evaluate("document.getAnimations().length") == 0
        page.close()
    context.close()


@slow
def test_kit_is_loaded_where_something_moves_and_draws_in_the_colours_of_the_book(
    visit, address, site
):
    for page in site.glob("book/*.html"):
        asked = "moving/kit.js" in page.read_text(encoding="utf8")
        assert asked == (page.stem in CHAPTERS), page.name
    _, page = opened(visit, address, CHAPTERS[0])
    assert page.evaluate("Object.values(Moving.COLOURS)") == plot.COLOURS
    assert page.evaluate("Moving.INK") == plot.INK
    assert page.evaluate("[-0.001, -1.005, 2].map(x => Moving.number(x))") == [
        "0.00", "−1.00", "2.00",
    ]  # fmt: skip


@pytest.fixture
def small(tmp_path):
    """A repository with one moving figure, whose script counts how often it ran."""
    (tmp_path / "attnrec_lite").mkdir()
    (tmp_path / "attnrec_lite" / "__init__.py").touch()
    (tmp_path / "attnrec_lite" / "formula.py").write_text("one = 1\n")
    (tmp_path / "book" / "moving").mkdir(parents=True)
    (tmp_path / "book" / "moving" / "_shared.py").write_text("two = 2\n")
    (tmp_path / "book" / "moving" / "try.py").write_text(
        "from pathlib import Path\nfrom _shared import two\n"
        "from attnrec_lite.formula import one\nruns = Path(__file__).with_name('runs')\n"
        "def data():\n    runs.open('a').write('x')\n    return {'sum': one + two}\n"
        "def table(data):\n    return ['sum'], [[str(data['sum'])]]\n"
    )
    return tmp_path


def test_numbers_are_computed_once_and_again_when_package_script_or_helper_change(small):
    runs = small / "book" / "moving" / "runs"
    for _ in range(2):
        assert moving.computed(small, "try")["rows"] == [["3"]]
    assert runs.read_text() == "x"
    for path in ("attnrec_lite/formula.py", "book/moving/_shared.py", "book/moving/try.py"):
        before = runs.read_text()
        (small / path).write_text((small / path).read_text() + "# changed\n")
        moving.computed(small, "try")
        assert runs.read_text() == before + "x", path


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("def data(): return 'x' * 300_000\ndef table(data): return [], []", "at most 200000"),
        ("def data(): return float('nan')\ndef table(data): return [], []", "not JSON compliant"),
        (None, "no script book/moving/try.py"),
    ],
)
def test_a_script_that_fails_or_says_too_much_stops_the_build(small, script, said):
    path = small / "book" / "moving" / "try.py"
    path.unlink() if script is None else path.write_text(script)
    with pytest.raises(ExtensionError, match=said):
        moving.computed(small, "try")


def test_page_depends_on_scripts_and_only_the_site_gets_numbers(small):
    picture = nodes.image(uri="book/figures/moving-try.svg")
    page = nodes.document(None, None, "", nodes.figure("", picture, classes=["moving"]))
    noted = []
    app = SimpleNamespace(srcdir=small, env=SimpleNamespace(note_dependency=noted.append))
    moving.depend(app, page)
    names = {Path(path).name for path in noted}
    assert names == {"try.py", "_shared.py", "kit.js", "try.js"}
    app.builder = SimpleNamespace(name="latex")
    moving.fill_in(app, page, "book/x")
    assert not list(page.findall(nodes.raw))
    app.builder.name = "html"
    moving.fill_in(app, page, "book/x")
    (raw,) = page.findall(nodes.raw)
    assert '{"sum":3}' in raw.astext()


def test_text_in_the_numbers_cannot_end_the_script_or_the_cell():
    html = moving.parts("x", {"data": "</script>", "header": ["<b>"], "rows": [["&"]]})
    assert html.count("</script>") == 1
    assert "&lt;b&gt;" in html
    assert "&amp;" in html


def test_a_moving_figure_with_another_picture_is_refused():
    picture = nodes.image(uri="book/figures/cover.svg")
    page = nodes.document(None, None, "", nodes.figure("", picture, classes=["moving"]))
    with pytest.raises(ExtensionError, match="cover"):
        moving.moving(page)
