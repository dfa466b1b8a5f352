"""The book to hold: page, print and zip say what the site says, and lead where it does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from execute import documents
from hold import pack, publish
from onepage import ID, TAG, article, assemble
from pypdf import PdfReader

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
TOC = list(documents(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))
EQUATION = re.compile(r'<span class="eqno">(\([^)]*\))')
CAPTION = re.compile(r'class="caption-number">([^<]*)<')
HEADING = re.compile(r"<h1>(.*?)(?:<a|</h1>)", re.DOTALL)


@pytest.fixture(scope="module")
def whole(site) -> str:
    """The whole book on one page."""
    return assemble(ROOT, site)


def body(page: str) -> str:
    return page[page.index("<body>") : page.index("</main>")]


@pytest.mark.parametrize("kind", [EQUATION, CAPTION, HEADING])
def test_numbers_and_titles_are_those_of_the_site_in_its_order(site, whole, kind):
    pages = [(site / f"{name}.html").read_text(encoding="utf8") for name in TOC]
    expected = [found for page in pages for found in kind.findall(article(page))]
    skipped = 2 if kind is HEADING else 0  # the title page and the contents
    assert len(expected) >= len(TOC)
    assert kind.findall(body(whole))[skipped:] == expected


def test_every_id_is_the_only_one_and_every_link_leads_to_one(whole):
    tags = TAG.findall(body(whole))
    places = Counter(place for tag in tags for place in ID.findall(tag))
    assert [place for place, count in places.items() if count > 1] == []
    links = [link for tag in tags for link in re.findall(r' href="([^"]*)"', tag)]
    inside = [link[1:] for link in links if link.startswith("#")]
    assert len(inside) > 2000
    assert [link for link in inside if link not in places] == []
    assert [link for link in links if not link.startswith(("#", "https://", "mailto:"))] == []


def test_one_page_asks_for_nothing_shows_its_formulas_and_folds_solutions(visit, whole, tmp_path):
    path = tmp_path / "book.html"
    path.write_text(whole, encoding="utf8")
    seen = visit(path.as_uri())
    page = seen.page
    page.set_default_timeout(120_000)
    page.goto(path.as_uri(), wait_until="load")
    page.evaluate("MathJax.startup.promise")
    formula = "#page-scores-and-weights mjx-container"
    page.evaluate(f"document.querySelector('{formula}').scrollIntoView()")
    page.wait_for_selector(f"{formula} mjx-math", state="attached")
    assert page.evaluate("document.styleSheets.length") >= 10
    assert page.evaluate("getComputedStyle(document.querySelector('.eqno')).float") == "right"
    assert page.locator("mjx-merror").count() == 0
    folded = page.locator("details.dropdown.solution")
    assert folded.count() > 100
    assert not folded.first.get_attribute("open")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert seen.problems == []


def flat(outline: list) -> Iterator:
    """The entries of an outline, whatever their depth."""
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def test_print_of_a_chapter_has_pages_outline_fonts_and_links_that_lead_somewhere(site, tmp_path):
    page, target = tmp_path / "one.html", tmp_path / "one.pdf"
    page.write_text(assemble(ROOT, site, ["attention-economy"]), encoding="utf8")
    tools = {**os.environ, "PYTHONPATH": str(ROOT / "book" / "tools")}
    act = "import sys; from pathlib import Path; from paper import print_page; "
    act += "print_page(Path(sys.argv[1]), Path(sys.argv[2]))"  # one Playwright per process
    subprocess.run([sys.executable, "-c", act, page, target], env=tools, check=True)
    found = PdfReader(target)
    assert 10 < len(found.pages) < 60
    assert {tuple(map(round, sheet.mediabox[2:])) for sheet in found.pages} == {(596, 843)}, "A4"
    assert found.metadata.author == "AttnRec authors"
    assert found.trailer["/Root"]["/Lang"].startswith("en")
    text = "\n".join(sheet.extract_text() for sheet in found.pages)
    assert "The attention economy" in text
    assert "(1.1)" in text
    fonts = {name for sheet in found.pages for name in sheet["/Resources"]["/Font"].values()}
    kinds = {font.get_object()["/Subtype"] for font in fonts}
    assert "/Type3" in kinds, "formulas are text: Chromium keeps the fonts of MathJax so"
    titles = [entry.title for entry in flat(found.outline)]
    assert titles[-1].startswith("Further reading") or "Further reading" in " ".join(titles)
    assert len(titles) >= len(re.findall(r"<h[12]>", page.read_text(encoding="utf8")))
    links = [
        link.get_object()["/Dest"]
        for sheet in found.pages
        for link in sheet.get("/Annots", [])
        if "/Dest" in link.get_object()
    ]
    assert len(links) > 20
    assert set(links) <= set(found.named_destinations)


def test_zip_has_every_page_and_the_same_bytes_each_time(site, tmp_path):
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    pack(site, first)
    pack(site, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
    assert names == {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}


def test_unpacked_elsewhere_the_site_opens_and_searches(site, tmp_path, visit):
    pack(site, tmp_path / "book.zip")
    folder = tmp_path / "ein Büchlein"
    with zipfile.ZipFile(tmp_path / "book.zip") as archive:
        archive.extractall(folder)
    (top,) = folder.iterdir()
    seen = visit("file://")
    seen.page.goto((top / "index.html").as_uri())
    seen.page.wait_for_url("**/book/intro.html")
    assert seen.page.locator("article h1").count() == 1
    seen.page.goto((top / "search.html").as_uri() + "?q=softmax")
    seen.page.wait_for_selector("ul.search li a", timeout=60_000)
    seen.page.locator("ul.search li a").first.click()
    seen.page.wait_for_selector("article h1")


def test_published_copy_offers_the_files_and_the_built_site_does_not(tmp_path):
    site, made, target = tmp_path / "html", tmp_path / "hold", tmp_path / "site"
    (site / "book").mkdir(parents=True)
    made.mkdir()
    plain = "<article><section>Ways</section></article>"
    (site / "book" / "paths.html").write_text(plain)
    with pytest.raises(FileNotFoundError):
        publish(site, made, target)
    for kind in ("pdf", "html", "zip"):
        (made / f"attention-for-recommenders.{kind}").write_bytes(b"x" * 2_000_000)
    publish(site, made, target)
    text = (target / "book" / "paths.html").read_text()
    links = re.findall(r'href="\.\./([^"]*)"', text)
    assert len(links) == 3
    assert all((target / link).exists() for link in links)
    assert "2 MB" in text
    assert (site / "book" / "paths.html").read_text() == plain
