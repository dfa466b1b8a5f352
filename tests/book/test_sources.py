"""Every item of the articles has one row in its home, with the verdict of the inventory."""

from __future__ import annotations

import json
import re
from pathlib import Path

from source_items import ITEM, in_chapter, inventory, ledger, page

BOOK = Path(__file__).parents[2] / "book"
ITEMS = {item["id"]: item for item in inventory()}
ROWS = ledger()


def test_every_item_has_exactly_one_row_in_its_home():
    assert len(ITEMS) == 549
    assert {item: len(rows) for item, rows in ROWS.items() if len(rows) != 1} == {}


def test_the_verdict_of_a_row_is_that_of_the_inventory():
    told = {item: rows[0].verdict for item, rows in ROWS.items()}
    assert told == {item: entry["verdict"] for item, entry in ITEMS.items()}


def test_what_is_not_right_has_something_in_its_place():
    silent = [i for i, (row,) in ROWS.items() if row.verdict != "right" and not row.instead]
    assert [item for item in silent if ITEMS[item]["chapter"] != "references"] == []


def test_the_home_of_an_item_has_the_heading_that_its_row_names():
    for item, (row,) in ROWS.items():
        (path,) = [p for p in BOOK.glob(f"{row.chapter}.*") if p.suffix in (".ipynb", ".md")]
        text = path.read_text(encoding="utf8").replace("\\n", "\n").replace('"', "\n")
        plain = {h.strip() for h in re.findall(r"#{2,3} (.+)", text)}
        for heading in row.headings:
            assert heading in plain or heading.startswith("{doc}"), f"{item}: {heading}"


def test_the_page_lists_every_item_once_under_its_article():
    listed = re.findall(rf"^\| ({ITEM.pattern}) \|", page(), flags=re.MULTILINE)
    assert sorted(listed) == sorted(ITEMS)
    for section in page().split(":::{rubric} ")[1:]:
        article = section[:2]
        assert set(re.findall(r"^\| (S\d)-", section, flags=re.MULTILINE)) == {article}


def test_counts_add_up_to_all_items():
    counts = {line.split(" | ")[0][2:]: line.strip("| ").split(" | ")[1:]
              for line in page().splitlines() if re.match(r"\| (S\d|all) \|", line)}  # fmt: skip
    assert counts["all"][0] == "549"
    for column in range(4):
        parts = sum(int(row[column]) for name, row in counts.items() if name != "all")
        assert parts == int(counts["all"][column])


def test_a_second_row_of_an_item_is_found(tmp_path):
    row = "| S0-F1 | says | {} | instead | Here |\n"
    rows = [row.format(verdict) for verdict in ("✗ wrong", "✓ right")]
    path = tmp_path / "by-hand.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": rows}]}), "utf8")
    assert [row.verdict for _, row in in_chapter(path)] == ["wrong", "right"]


def test_the_worst_errors_are_twenty_and_wrong():
    text = (BOOK / "errata.md").read_text(encoding="utf8")
    entries = re.findall(r"^\*\*(\d+)\. .+?\*\* \(([^)]+)\).+\{place\}`[^`]+`$", text, re.MULTILINE)
    assert [int(number) for number, _ in entries] == list(range(1, 21))
    named = [item for _, items in entries for item in items.split(", ")]
    assert len(named) == len(set(named))
    assert {ITEMS[item]["verdict"] for item in named} == {"wrong"}
    wrong = sum(item["verdict"] == "wrong" for item in ITEMS.values())
    assert f"Of the {len(ITEMS)} items on the page {{doc}}`sources`, {wrong} are wrong" in text


def test_every_place_that_the_errata_name_is_a_heading():
    text = (BOOK / "errata.md").read_text(encoding="utf8")
    for heading, chapter in re.findall(r"\{place\}`([^<]+) <([^>]+)>`", text):
        cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf8"))["cells"]
        prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        assert re.search(rf"^#{{2,3}} {re.escape(heading)}$", prose, re.MULTILINE), heading
