"""The chapter's own cells are run, and its typed figures are compared with what they hold.

The digits are those of the counter-examples of the inventory (X01 to X20), to the last one printed.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite import formulas
from attnrec_lite.formulas import sigmoid, softmax

pytestmark = pytest.mark.slow
BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "by-hand.ipynb").read_text(encoding="utf8"))["cells"]
FIGURES = [cell["metadata"].get("mystnb", {}) for cell in CELLS]
TEXT = "\n".join(
    [*("".join(c["source"]) for c in CELLS if c["cell_type"] == "markdown"), json.dumps(FIGURES)]
)
S4 = np.array([[0.1, 0.2, 0.3, 0.4]]) + 0.1 * np.arange(4)[:, None]


def digits(found, expected, places=4):
    """Equal to the last printed digit."""
    assert_allclose(found, expected, atol=0.5 * 10.0**-places + 1e-9)


@pytest.fixture(scope="module")
def run() -> tuple[dict, str]:
    """Names and printed text after all cells but those with films and exercises."""
    mpl.use("Agg")
    space: dict = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in CELLS:
            code = "".join(cell["source"])
            films = "movielens" in code or "film_page" in code
            if cell["cell_type"] == "code" and not films and "check(" not in code:
                exec(code, space)  # the book's own cells
    return space, printed.getvalue()


@pytest.fixture(scope="module")
def names(run) -> dict:
    return run[0]


@pytest.fixture(scope="module")
def printed(run) -> str:
    return run[1]


def test_x01_x02_cosines_of_four_and_of_a_thousand(names, printed):
    small = names["small"]
    digits(small["cosine (S0)"].iloc[:5], [1, 0.7071, 0, -0.8944, 0.8127])
    digits(small["softmax of dot"].iloc[:4], [0.3995, 0.3995, 0.1470, 0.0541])
    digits(small["softmax of cosine"].iloc[:4], [0.4416, 0.3295, 0.1625, 0.0664])
    digits(small["softmax of dot"].iloc[5:7], [0.7449, 0.5735])  # R of X02
    assert "from -0.688 to 0.621, sum -16.27, 53.5% negative" in printed
    assert "by cosine [119 810 942]" in printed
    assert "by dot [119 325 103]" in printed
    lengths = np.linalg.norm(names["E"], axis=1)
    assert small.loc["R, length", "cosine (S0)"] > lengths.max()
    assert "longer than any of the four goods" in TEXT


def test_x06_x08_three_orders_and_the_additive_score(names, printed):
    case, orders = names["case_1"], names["orders"]
    digits(case.row("s"), [2, 1.5, 0.6])
    digits(case.row("a"), [0.5396, 0.3273, 0.1331])
    digits(case.row("r"), [0.1079, 0.1637, 0.1198])
    digits(names["additive"], [1.4572, 1.8692, 1.5095])
    digits(orders.loc["additive α"], [0.2806, 0.4237, 0.2957])
    best_first = {
        name: (np.argsort(-row.to_numpy()) + 1).tolist() for name, row in orders.iterrows()
    }
    assert list(best_first.values()) == [[3, 2, 1], [1, 2, 3], [2, 3, 1], [2, 3, 1], [3, 2, 1]]
    assert "Orders 3, 2, 1 by $M$; 1, 2, 3 by $\\alpha$; 2, 3, 1 by the product" in TEXT
    turned = case.change(M1=-1, M2=-1, M3=-1).row("r")
    assert np.argsort(-turned).tolist() == [2, 1, 0]  # the best match becomes the worst
    assert "[0.032 0.048 0.035]" in printed


def test_x11_every_line_of_the_third_article_and_every_reading(names):
    assert names["line_1"]["score"] == 1.0
    digits(0.4472 * 1 + 0.5 * 0 + 0.0528 * 1, 0.5)
    scores = names["reading_b"].row("s")
    digits(scores, [0.5, 0, 0.5])
    digits(names["reading_b"].row("a"), [0.3837, 0.2327, 0.3837])
    digits(names["reading_b"]["z"], 0.7673)
    third = [1 / 3] * 3
    digits(names["same"], [[0.2741, 0.4519, 0.2741], third, [0.2741, 0.4519, 0.2741]])
    digits(names["context_d"], [0.5481, 0.6667, 0.5481])
    assert_allclose(names["proper"] @ names["Q"], [1, 2, 0])
    digits(softmax([1, 2, 0]), [0.2447, 0.6652, 0.0900])
    digits(
        softmax(formulas.scaled_dot_scores([1, 0, 1], names["proper"])), [0.2992, 0.5329, 0.1679]
    )
    digits(formulas.scaled_dot_scores([1, 0, 1], [[0.5, 1, 0.5]]), [0.5774])  # reading A
    digits(sigmoid([0.5, 0.504, 1, 0.5481, 0.7673]), [0.6225, 0.6234, 0.7311, 0.6337, 0.6829])
    assert "a sigmoid would give .6234" in TEXT


def test_x16_three_actions_and_their_mean(names, printed):
    rows = softmax(names["actions"] @ names["stock"].T, axis=1)
    expected = [[0.4096, 0.3190, 0.1222, 0.1492], [0.2874, 0.2903, 0.2353, 0.1870],
                [0.1253, 0.1814, 0.4508, 0.2425]]  # fmt: skip
    digits(rows, expected)
    digits(names["mean"], [0.2741, 0.2636, 0.2694, 0.1929])
    assert np.argsort(-rows[0]).tolist() == [0, 1, 3, 2]
    assert "by the mean the film moves from last place to second" in TEXT
    assert np.argsort(-names["mean"]).tolist() == [0, 2, 1, 3]
    assert "not seen before: ['book']" in printed


def test_x18_x19_the_matrices_of_the_fifth_article(names):
    a_row, z_row = np.array([[0.2316, 0.2434, 0.2559, 0.2691], [0.2562, 0.3562, 0.4562, 0.5562]])
    digits(names["G"][0], [0.30, 0.40, 0.50, 0.60])
    digits(names["G"][1], [0.40, 0.54, 0.68, 0.82])
    digits(names["G"][2], [0.50, 0.68, 0.86, 1.04])
    digits(names["G"][3], [0.60, 0.82, 1.04, 1.26])
    digits(names["A"][0], a_row)
    digits(names["A"][1], [0.2244, 0.2407, 0.2581, 0.2768])
    digits(names["A"][2], [0.2173, 0.2378, 0.2602, 0.2847])
    digits(names["A"][3], [0.2104, 0.2348, 0.2621, 0.2926])
    digits((names["A"] @ S4)[0], z_row)
    digits((names["A"] @ S4)[1], z_row + 0.0025)
    digits((names["A"] @ S4)[2], z_row + 0.0050)
    digits((names["A"] @ S4)[3], z_row + 0.0075)
    digits(names["A"][0], [0.231574, 0.243447, 0.255929, 0.269050], 6)
    digits((names["A"] @ S4)[0], [0.256246, 0.356246, 0.456246, 0.556246], 6)
    sharp = names["sharp"]
    digits(sharp[[0, 3]], [[0.1997, 0.2300, 0.2650, 0.3052], [0.1477, 0.2016, 0.2752, 0.3756]])
    digits((sharp @ S4)[0], [0.2676, 0.3676, 0.4676, 0.5676])
    digits(names["maps"]["softmax(Q)"], [[0.2138, 0.2363, 0.2612, 0.2887]] * 4)
    digits(names["right"].row("a"), [0.2316, 0.2434, 0.2559, 0.2691])
    digits(names["right"].row("r"), [0.0232, 0.0487, 0.0768, 0.1076])
    digits(names["vector"].row("a"), [0.1997, 0.2300, 0.2650, 0.3052])
    digits(formulas.sharpness(4, 0.5), 2.83, 2)
    assert "nearly three times as sharp" in TEXT


def test_x20_interests_and_features(names):
    digits(names["A"].mean(0), [0.2209, 0.2392, 0.2591, 0.2808])
    digits(names["sums"]["interests"], [0.2209, 0.3349, 0.4664, 0.6178])
    digits(names["sums"]["features"], [0.26, 0.36, 0.46, 0.56])
    assert "All three lines end in 4, 3, 2, 1" in TEXT
    assert all(np.argsort(-r).tolist() == [3, 2, 1, 0] for r in names["sums"].values())


def test_the_alternative_texts_give_the_numbers_that_are_drawn(names):
    told = re.search(r"Printed: (\S+), (\S+), (\S+)\. .*?Proper case: (\S+), (\S+), (\S+)\.", TEXT)
    bars = names["bars"]
    digits([float(x) for x in told.groups()], [*bars.loc["printed"], *bars.loc["proper"]], 2)
    told = re.search(r"The mean is (\S+), (\S+), (\S+), (\S+)\.", TEXT)
    digits([float(x) for x in told.groups()], names["mean"], 2)
    rows = re.findall(
        r"(0\.\d\d), (0\.\d\d), (0\.\d\d), (0\.\d\d)", TEXT[TEXT.index("Two heat maps") :]
    )
    drawn = [*names["A"][[0, 3]], names["maps"]["softmax(Q)"][0]]
    digits(np.array(rows[:3], float), drawn, 2)


def test_mia_is_shown_what_she_truly_wants(names, printed):
    assert "new to her: teapot; tea interests her: True" in printed
    assert "it serves Mia's" in TEXT
    by_tablecloth = names["mia"].change(q1=0, q2=1)
    assert by_tablecloth["a1"] > by_tablecloth["a3"]


def test_rounding_keeps_and_loses_what_the_caption_says(names):
    shares = names["shares"]
    assert "keep the order of four items and hardly ever that of fifty" in TEXT
    assert shares.loc[4, "4 items"] < 0.01
    assert shares.loc[4, "50 items"] > 0.9
    assert shares.loc[3, "50 items"] > 0.99  # "stays at 1 until three decimals"
    assert shares.loc[6, "50 items"] < 0.1
    assert shares.loc[3, "4 items"] < 0.05
    assert shares.loc[4, "10 items"] < 0.05


def test_the_examples_find_as_many_faults_as_the_prose_says(names):
    found = {name: [row == "found" for row in rows] for name, rows in names["marks"].items()}
    assert "lets four of six faults pass" in TEXT
    assert sum(found["S4's example"]) == 2
    both = np.array(found["random"]) | np.array(found["random, huge"])
    assert both.all()
    assert not any(found["random, huge"][2:4])  # blind to scale


def test_the_drawn_page_prints_the_lines_of_the_table():
    drawing = ET.parse(BOOK / "figures" / "four-lines.svg").getroot()
    texts = [t.text or "" for t in drawing.iter("{http://www.w3.org/2000/svg}text")]
    for line in ("1.5", ".4472  .5000  .0528", ".5040", ".3642  .4472  .1886"):
        assert line in texts
        assert all(number.lstrip("0") in TEXT for number in line.split())
    assert texts[texts.index(".5040") + 1] == ".5000"
    assert texts[texts.index("1.5") + 1] == "1"
