"""The built site: nothing raw, nothing missing, nothing from elsewhere, no page too heavy."""

from __future__ import annotations

import gzip
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag

import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from execute import documents

from attnrec_lite.data.shop import TOY_GOODS
from attnrec_lite.formulas import softmax

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
NUMBERS = CONFIG["sphinx"]["config"]["chapter_numbers"]
TOC = list(documents(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))
BOOK_TITLE = CONFIG["title"]
RAW = re.compile(r"\{(?:ref|numref|eq|doc|cite\w*|glue\S*|term|math|prf:\w+)\}`|`{3,}\{|:{3,}\{")
LOADED = ("link[rel=stylesheet][href]", "script[src]", "img[src]", "iframe[src]", "source[src]")

every_page = pytest.mark.parametrize("name", TOC)


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")


def page(site: Path, name: str) -> BeautifulSoup:
    return soup(site / f"{name}.html")


def article(site: Path, name: str) -> BeautifulSoup:
    found = page(site, name).select_one("article.bd-article")
    assert found is not None
    return found


def loaded(site: Path, name: str) -> list[Path]:
    """The files that a page names; what scripts ask for later is weighed in ``test_browser``."""
    here = (site / f"{name}.html").parent
    tags = [tag for kind in LOADED for tag in page(site, name).select(kind)]
    links = {re.sub(r"[?#].*", "", tag.get("src") or tag.get("href")) for tag in tags}
    return [here / unquote(link) for link in sorted(links) if not link.startswith("data:")]


@every_page
def test_no_directive_or_role_is_left_raw(site, name):
    text = article(site, name)
    for shown_as_code in text.select("pre, code"):
        shown_as_code["class"] = [*shown_as_code.get("class", []), "skip"]
    found = [s for s in text.find_all(string=RAW) if not s.find_parent(class_="skip")]
    assert not found
    assert not text.select(".problematic, .system-message")


@every_page
def test_every_picture_has_an_alternative(site, name):
    pictures = article(site, name).select("img, svg[role=img]")
    without = [p for p in pictures if not (p.get("alt") or p.get("aria-label") or "").strip()]
    assert not [str(p)[:120] for p in without if p.name == "img"]


@every_page
def test_every_internal_link_leads_to_a_page_and_a_place_in_it(site, name):
    here = site / f"{name}.html"
    for tag in page(site, name).select("a[href]"):
        link, anchor = urldefrag(tag["href"])
        if re.match(r"[a-z]+:", link):
            assert link.startswith(("https://", "mailto:")), link
            continue
        assert not link.startswith("/"), f"{link} breaks under a sub-path"
        target = (here.parent / unquote(link)).resolve() if link else here
        assert target.exists(), link
        if anchor and target.suffix == ".html":
            places = soup(target).find_all(attrs={"id": unquote(anchor)})
            assert places, f"{link}#{anchor}"


@every_page
def test_everything_loaded_is_a_relative_path_that_exists(site, name):
    for kind in LOADED:
        for tag in page(site, name).select(kind):
            link = tag.get("src") or tag.get("href")
            assert not re.match(r"[a-z]+:(?!image/)|/", link), link
    assert all(path.exists() for path in loaded(site, name))


def test_no_style_or_script_of_the_site_asks_another_host(site):
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf8")
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import\s+[\"']?https?:", text), style
    text = "\n".join(path.read_text(encoding="utf8") for path in site.rglob("*.html"))
    assert not re.search(r"unpkg|jsdelivr|cdnjs|googleapis|THEBE", text)


@every_page
def test_page_is_light(site, name):
    files = [site / f"{name}.html", *loaded(site, name)]
    styles = [path for path in files if path.suffix == ".css"]
    fonts = {path for s in styles for path in s.parent.parent.rglob("fa-solid*.woff2")}
    sizes = {path: path.stat().st_size for path in [*files, *fonts]}
    heaviest = sorted(((size, path.name) for path, size in sizes.items()), reverse=True)[:4]
    assert sum(sizes.values()) < 3.5e6, heaviest
    packed = sum(len(gzip.compress(path.read_bytes(), 6)) for path in sizes)
    assert packed < 1e6, heaviest


@every_page
def test_title_and_description_are_the_page_s_own(site, name):
    titles, descriptions = {}, {}
    for other in TOC:
        head = page(site, other).head
        titles[other] = head.title.get_text().strip()
        tags = head.select('meta[name="description"]')
        assert len(tags) == 1, other
        descriptions[other] = tags[0]["content"]
    assert titles[name].endswith(BOOK_TITLE), "the cover's title is the book's, to the letter"
    assert titles[name].count(BOOK_TITLE) == 1
    assert 40 <= len(descriptions[name]) <= 200
    assert "\\" not in descriptions[name], "no formula in a description"
    assert list(titles.values()).count(titles[name]) == 1
    assert list(descriptions.values()).count(descriptions[name]) == 1
    assert page(site, name).head.select_one('meta[property="og:title"]')["content"]


@pytest.mark.parametrize("name", [name for name in TOC if Path(name).name in NUMBERS])
def test_chapter_number_agrees_everywhere(site, name):
    number, text = NUMBERS[Path(name).name], article(site, name)
    assert text.h1.get_text().startswith(f"{number}. ")
    sections = [tag.get_text() for tag in text.select("h2 .section-number")]
    assert [s.split(".")[0] for s in sections] == [str(number)] * len(sections)
    equations = [re.match(r"\((.+?)\)", tag.get_text())[1] for tag in text.select(".eqno")]
    assert equations == [f"{number}.{k}" for k in range(1, len(equations) + 1)]
    captions = [tag.get_text() for tag in text.select("figcaption .caption-number")]
    figures = [c.split()[1] for c in captions if c.startswith("Figure")]
    assert figures == [f"{number}.{k}" for k in range(1, len(figures) + 1)]
    sidebar = page(site, "book/status").select_one("#pst-primary-sidebar").get_text()
    assert f"{number}. {text.h1.find(string=True, recursive=False).strip()}" in sidebar


def test_back_matter_and_cover_carry_no_number(site):
    for name in TOC:
        if Path(name).name not in NUMBERS:
            assert not article(site, name).select("h1 .section-number"), name


def test_every_notebook_says_how_long_it_ran_and_the_status_page_lists_it(site):
    status = article(site, "book/status").get_text()
    for name in TOC:
        if (ROOT / f"{name}.ipynb").exists():
            line = article(site, name).select_one("p.run-time").get_text()
            assert re.fullmatch(
                r"Runs in .+ on .+ cores? · measured \d+ \w+ \d{4} · notebook to take along", line
            )
            assert article(site, name).h1.find(string=True, recursive=False).strip() in status
    assert all(word in status for word in ("tensorflow", "attnrec_lite", "Cores", "Memory"))


def test_every_page_leads_on(site):
    for before, after in pairwise(TOC):
        onward = page(site, before).select_one("a.right-next")
        back = page(site, after).select_one("a.left-prev")
        assert Path(onward["href"]).stem == Path(after).name
        assert Path(back["href"]).stem == Path(before).name


def test_site_carries_no_leftovers(site):
    total = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert total < 12e6 + 2e6 * len(TOC)
    assert not list(site.rglob("*.map"))
    assert (site / "index.html").exists()
    assert (site / "_static" / "card.png").stat().st_size < 150_000


def test_weights_drawn_on_the_cover_are_the_softmax_of_the_book_s_goods():
    goods = np.array(list(TOY_GOODS.values()))
    weights = softmax(goods @ np.ones(2))
    drawn = {"cover": [], "card": []}
    for name in drawn:
        text = (ROOT / "book" / "figures" / f"{name}.svg").read_text(encoding="utf8")
        drawn[name] = [float(number) for number in re.findall(r">(0\.\d\d)</text>", text)]
        for good in TOY_GOODS:
            assert f">{good}</text>" in text
    np.testing.assert_allclose(drawn["cover"], weights, atol=0.005)
    np.testing.assert_allclose(drawn["card"], weights, atol=0.005)
