"""Figures that stand in the prose of chapter 16 are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnrec_lite import formulas, results

ROOT = Path(__file__).parents[3]
BOOK = ROOT / "book"
CELLS = json.loads((BOOK / "efficiency.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
CAPTIONS = "\n".join(
    cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "") for cell in CELLS
)


def kept(name: str) -> dict[str, Any]:
    """A file of figures that a benchmark wrote."""
    found: dict[str, Any] = results.load(name)
    return found


def request(n: int) -> dict[str, int]:
    """The first cell with a function, run."""
    source = next("".join(c["source"]) for c in CELLS if "def request" in "".join(c["source"]))
    space: dict[str, Any] = {"formulas": formulas}
    exec(source[: source.index("cost =")], space)
    found: dict[str, int] = space["request"](n)
    return found


def test_all_32_items_are_in_the_table_with_their_verdict_and_a_section_of_the_chapter():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    mine = {item["id"]: item["verdict"] for item in items if item["chapter"] == "efficiency"}
    pattern = r"^\| (S\d-\w+) \|[^|]*\| (.) (\w+) \|[^|]*\| ([^|]+) \|"
    rows = re.findall(pattern, TEXT, flags=re.MULTILINE)
    assert {name: verdict for name, _, verdict, _ in rows} == mine
    assert "32 items of the articles S0 to S4" in TEXT
    assert len(mine) == 32
    assert all(f"\n## {section}\n" in TEXT for *_, section in rows)


def test_looking_is_the_smallest_part_at_fifty_clicks_and_all_there_is_at_five_thousand():
    parts = request(50)
    assert "is the smallest of all" in TEXT
    assert min(parts, key=lambda name: parts[name]) == "looking"
    assert "costs more than twice as much" in TEXT
    assert 2 < parts["all goods"] / parts["looking"] < 3
    assert request(5000)["looking"] > 0.95 * sum(request(5000).values())


def test_the_drawing_of_a_request_names_the_bytes_of_its_tables():
    drawn = (BOOK / "figures" / "one-request.svg").read_text(encoding="utf8")
    for megabytes, size in (("1.6", (8, "row")), ("6.1", (32, None))):
        assert f"{megabytes} MB" in drawn
        assert f"{formulas.table_bytes(24_000, 64, *size) / 1e6:.1f}" == megabytes


def test_the_drawing_of_the_routes_shows_as_many_pairs_as_it_says():
    drawn = (BOOK / "figures" / "five-routes.svg").read_text(encoding="utf8")
    counts = {"full": 36, "causal": 21, "window": 15, "low_rank": 12}
    assert [int(n) for n in re.findall(r">(\d+) pairs", drawn)] == list(counts.values())
    for route, pairs in counts.items():
        size = {"window": 3, "low_rank": 2}.get(route, 1)
        cost = formulas.attention_cost(6, 2, route, size)
        mixing = 2 * 12 if route == "low_rank" else 0
        assert cost["stored"] - (2 * 2 * 2 if mixing else 0) == pairs
        assert cost["multiply_adds"] == 2 * 2 * pairs + 2 * mixing
    assert drawn.count('fill-opacity=".55"/>') == 36 + 21 + 15 + 12 + 6  # and six keys


def test_attention_computes_less_than_a_gru_at_fifty_clicks():
    assert "are *less* at fifty clicks of width 64" in TEXT
    one = formulas.multiply_adds(50, 50, 64)
    assert one["scores"] + one["sums"] + one["projections"] < 6 * 50 * 64**2


def test_best_keys_lose_more_than_there_was_or_nothing():
    q, k, v = np.random.default_rng(0).normal(size=(3, 512, 64))
    off = {}
    for scale in (0.25, 1, 4):
        exact = formulas.attend(scale * q, k, v)[0]
        short = formulas.top_keys_attention(scale * q, k, v, 64)[0]
        off[scale] = np.linalg.norm(exact - short) / np.linalg.norm(exact)
    assert "loses more than there was" in CAPTIONS
    assert off[0.25] > 2
    assert off[4] < 0.05


def test_no_route_is_faster_than_full_attention_up_to_about_two_hundred_clicks():
    assert "Up to about two hundred clicks" in CAPTIONS
    rows = kept("efficiency")["attention"]
    cost = {(row["route"], row["length"]): row["layer_ms"] for row in rows}
    for route in ("window", "low_rank", "linear"):
        assert all(cost[route, n] > 0.95 * cost["full", n] for n in (20, 50, 100))
        assert cost[route, 500] < 0.6 * cost["full", 500]
        assert cost[route, 1000] < cost["full", 1000]
        assert cost[route, 4096] < 0.1 * cost["full", 4096]


def test_low_rank_saves_what_s1_says():
    found = formulas.factor_parameters(512, 512, 32)
    assert "262,144 numbers become 32,768" in TEXT
    assert (found["whole"], found["factors"]) == (262144, 32768)


def test_fetching_costs_much_more_than_computing():
    assert "takes 7 microjoules, and fetching the vectors 983" in TEXT
    assert round(formulas.energy_like_cost(24_000 * 64, 0)) == 7
    assert round(formulas.energy_like_cost(0, 4 * 24_000 * 64)) == 983
    assert "4.6 picojoules for a multiply-add in float32, 0.23 in int8, and 160 for a byte" in TEXT
    for number, price in (("float32", 4.6), ("int8", 0.23)):
        assert formulas.energy_like_cost(10**6, 0, number) == pytest.approx(price)
    assert formulas.energy_like_cost(0, 10**6) == pytest.approx(160)


def test_the_chart_says_what_the_text_says():
    found = kept("compression")
    lines = {row["way"]: row for row in found["compared"]}
    stored = {row["way"]: row["bytes"] for row in found["rows"]}
    assert len({row["seed"] for row in found["rows"]}) == 3
    assert "Half precision and 8 bits cost a ten-thousandth" in TEXT
    for free in ("float16", "int8 per row", "int8 per tensor"):
        assert abs(lines[free]["change"]) < 0.0003
    assert "4 bits cost a few more per row, and ten times as much per tensor" in TEXT
    per_row, per_tensor = (lines[f"int4 per {per}"]["change"] for per in ("row", "tensor"))
    assert -0.001 < per_row < 0
    assert 5 < per_tensor / per_row < 15
    assert "Six of eight heads can go for two thousandths" in TEXT
    assert -0.003 < lines["6 of 8 heads gone, least important"]["change"] < -0.0015
    least, most = (lines[f"4 of 8 heads gone, {kind} important"] for kind in ("least", "most"))
    assert -0.01 < most["change"] < least["change"]
    assert abs(lines["looked up by newest item"]["change"]) < 0.003
    pruned, alone = lines["90% of weights gone"], lines["student alone"]
    assert stored["90% of weights gone"] > stored["student alone"]
    assert pruned["mean"] < 0.5 * alone["mean"]
    assert "back a small part of what it lacks" in TEXT
    lacks = lines["as trained"]["mean"] - alone["mean"]
    assert 0 < lines["student taught"]["mean"] - alone["mean"] < 0.5 * lacks
    assert "the dearest way to make *this* table half as large" in TEXT
    assert lines["rank 32"]["change"] < 10 * per_tensor
    assert stored["rank 32"] > stored["int8 per row"]
    took = {row["way"]: row["cpu_ms"] for row in found["rows"]}
    assert "about a hundredth of the time" in TEXT
    assert took["looked up by newest item"] < 0.03 * took["as trained"]
    assert list(lines)[-3] == "looked up by newest item"  # "third from below"


def test_the_service_loses_nothing_and_a_click_takes_less_than_five_milliseconds():
    cases = {row["case"]: row for row in kept("serving")["rows"]}
    assert "milliseconds at 300 a second" in TEXT
    assert cases["steady"]["rate"] == 300
    assert cases["steady"]["ms"]["p50"] < 50
    assert cases["capacity"]["per_second"] > cases["steady"]["per_second"]
    assert "none is lost" in TEXT
    for name in ("steady", "capacity", "killed"):
        assert cases[name]["sent"] == cases[name]["answered"]
    assert cases["killed"]["again"] > 0
    assert cases["click"]["session_cpu"]["p50"] < 5


def test_spark_makes_the_same_sequences_of_ten_million_events():
    (job,) = kept("spark")["rows"]
    assert "ten million events on this machine" in TEXT
    assert job["events"] == 10**7
    assert job["same"]
    assert job["spark_seconds"] < 300


def test_an_index_pays_at_a_million_and_not_at_24_000():
    found = kept("efficiency")

    def least(part: str, recall: float, *ways: str) -> float:
        rows = found[part]
        good = [r["query_ms"] for r in rows if r["way"] in ways and r["recall@10"] > recall]
        return float(min(good))

    exact = {part: least(part, 0.999, "exact", "flat") for part in ("index", "million")}
    assert least("index", 0.98, "lists", "graph") > 0.8 * exact["index"]
    assert "a graph finds nine in ten in less than a tenth of the time" in CAPTIONS
    assert least("million", 0.9, "graph") < 0.1 * exact["million"]
    for part in exact:
        assert least(part, 0.999, "two stages") > exact[part]


def test_what_breaks_first_comes_in_the_order_of_the_machines_it_needs():
    size = {"users": 10**9, "items": 10**8, "events": 5 * 10**10, "length": 50, "width": 64}
    held, work = formulas.bytes_held(**size), formulas.operations_needed(**size, negatives=512)
    need = {name: value / 64e9 for name, value in held.items()}
    need |= {name: value / (16 * 50e9 * 86_400) for name, value in work.items()}
    order = ["full", "caches", "everyone", "log", "training"]
    assert [need[name] for name in order] == sorted((need[n] for n in order), reverse=True)
    assert need["table"] < 1 < need["training"]
    words = ("loss over all goods", "caches of everybody", "Ranking everything", "The log is split")
    places = [TEXT.index(word) for word in (*words, "the table in training")]
    assert places == sorted(places)


def test_nothing_grows_with_the_square_where_shops_live():
    found = kept("growth")
    slopes, base = found["slopes"], found["base"]
    assert base["length"] == 32
    assert max(row["length"] for row in found["rows"]) == 256
    assert "from 32 clicks to 256, time grows a little less than in proportion" in TEXT
    assert all(0.5 < slopes["length"][cost] < 1.1 for cost in ("train", "list", "evaluate"))
    assert "Nothing comes near 2" in CAPTIONS
    assert max(slope for line in slopes.values() for slope in line.values()) < 1.4
    for by, cost in (("users", "evaluate"), ("items", "weights_mb"), ("width", "weights_mb")):
        assert 0.8 < slopes[by][cost] < 1.3
    for by, cost in (("items", "train"), ("users", "list"), ("users", "weights_mb")):
        assert abs(slopes[by][cost]) < 0.2
