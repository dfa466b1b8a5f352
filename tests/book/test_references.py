"""The page of references looks up every work that the sources cite, once, with its verdict."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "references.md").read_text(encoding="utf8")
ITEMS = {
    item["id"]: item["verdict"]
    for item in json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    if item["chapter"] == "references"
}
ITEM = re.compile(r"\bS[0-4]-[A-Z]+\d+\b")
KINDS = ("Papers and articles", "Books", "Courses", "Tools", "Sites")
STATUSES = ("real", "real, but", "wrong author", "not found")
SIGNS = {"✓": "right", "≈": "imprecise", "✗": "wrong"}


def rows(kind: str) -> list[list[str]]:
    """The rows of the table of one kind, cell by cell."""
    section = PAGE.split(f"\n### {kind}\n")[1].split("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_item_of_the_page_is_named_once():
    named = Counter(ITEM.findall(PAGE.split("## What to read next")[0]))
    looked_up = Counter(item for kind in KINDS for row in rows(kind) for item in row[1].split(", "))
    assert set(named) == set(ITEMS)
    assert max(looked_up.values()) == 1


def test_a_status_agrees_with_the_verdicts_of_its_items():
    """Right items are real; a wrong one is never plainly real."""
    for kind in KINDS:
        for says, items, status, instead in rows(kind):
            verdicts = {ITEMS[item] for item in items.split(", ")}
            assert status in STATUSES, says
            if status == "real":
                assert verdicts == {"right"}, says
            elif status in ("wrong author", "not found"):
                assert "right" not in verdicts, says
                assert instead, f"{says}: say what there is in its place"
            else:
                assert instead, f"{says}: say what is not so"


def test_the_counts_are_those_of_the_tables():
    for kind in KINDS:
        found = Counter(row[2] for row in rows(kind))
        told = re.search(rf"\| {kind.lower()} \| (.+) \|", PAGE)[1].split(" | ")
        assert [int(n) for n in told] == [len(rows(kind)), *(found[s] for s in STATUSES)], kind
    papers = Counter(row[2] for row in rows("Papers and articles"))
    assert f"of {papers.total()}, {papers['real'] + papers['real, but']} exist as named" in PAGE


def test_the_claims_of_the_summaries_carry_their_verdicts():
    section = PAGE.split("### What their summaries claim")[1].split("\n## ")[0]
    lines = PAGE.split("Two articles close")[1].split("\n\n")[0]
    signed = re.findall(r"(S[0-4]-[OI]\d+) ([✓≈✗])", section + lines)
    assert len(signed) == 12
    assert all(ITEMS[item] == SIGNS[sign] for item, sign in signed)


def test_scikit_learn_has_no_recommender_among_its_estimators():
    from sklearn.utils import all_estimators

    names = [name for name, _ in all_estimators()]
    assert not [name for name in names if "recommend" in name.lower()]
    assert f"of its {len(names)} estimators" in PAGE


def test_every_citation_of_the_book_has_an_entry_and_every_entry_is_cited():
    entries = set(re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text("utf8"), re.M))
    text = "\n".join(
        path.read_text(encoding="utf8") for path in [*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")]
    )
    keys = {
        k.strip()
        for cite in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
        for k in cite.split(",")
    }
    assert keys - entries == set(), "cited and not in references.bib"
    assert entries - keys == set(), "in references.bib and not cited"
