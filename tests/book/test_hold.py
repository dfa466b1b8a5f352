"""The book to hold: page, print and zip say what the site says, and lead where it does."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import yaml
from execute import documents
from hold import pack, publish
from onepage import ID, TAG, article, assemble

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


def test_zip_has_every_page_and_the_same_bytes_each_time(site, tmp_path):
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    pack(site, first)
    pack(site, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
    assert names == {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}


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
