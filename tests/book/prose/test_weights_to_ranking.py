"""Figures that stand in the prose of the chapter on ranking are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

BOOK = Path(__file__).parents[3] / "book"
SHELF = np.array([TOY_GOODS[name] for name in ("kettle", "teapot", "tablecloth", "ice bucket")])
WEIGHTS = formulas.softmax(formulas.dot_scores(TOY_GOODS["kettle"], SHELF))


def chapter() -> str:
    """The whole text of the notebook, captions and alt texts included."""
    path = BOOK / "weights-to-ranking.ipynb"
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    shown = [cell["metadata"].get("mystnb", {}) for cell in cells]
    captions = [view.get("figure", {}).get("caption", "") for view in shown]
    alts = [view.get("image", {}).get("alt", "") for view in shown]
    return "\n".join([*("".join(cell["source"]) for cell in cells), *captions, *alts])


def test_the_opening_gives_the_weights_and_the_context_of_the_shelf():
    told = re.search(r"(\d+) %, (\d+) %, (\d+) % and (\d+) %.*?\$\((\S+),\\ (\S+)\)\$", chapter())
    numbers = [float(number) for number in told.groups()]
    np.testing.assert_allclose(numbers[:4], 100 * WEIGHTS, atol=0.5)
    np.testing.assert_allclose(numbers[4:], WEIGHTS @ SHELF, atol=0.005)


def test_the_context_and_the_cross_stand_where_the_figure_says():
    assert "near 0.74 and 0.57" in chapter()
    assert "far to the right of all goods, at 2.6" in chapter()
    cross = formulas.cosine_scores(TOY_GOODS["kettle"], SHELF) @ SHELF
    assert round(cross[0], 1) == 2.6


def test_the_level_of_a_model_of_clicks_is_the_log_odds_of_one_in_240():
    assert r"scores near $\ln(1/239)$, about −5.5" in chapter()
    assert round(np.log(1 / 239), 1) == -5.5
    np.testing.assert_allclose(formulas.sigmoid(np.log(1 / 239)), 1 / 240)


def test_two_pages_merge_in_the_order_that_the_figure_tells():
    six = np.array([3.0, 2.2, 1.5, 0.6, 0.2, -0.4])
    pages = [formulas.product_scores(np.ones(3), page) for page in (six[:3], six[3:])]
    merged = [formulas.expected_place(np.concatenate(pages), c) for c in range(6)]
    assert "places 1, 2, 3, 4, 5, 6 become 1, 4, 6, 2, 3, 5" in chapter()
    assert merged == [1, 4, 6, 2, 3, 5]
    assert "the second falls to place four, the third to the last" in chapter()


def test_the_negative_scores_turn_as_the_caption_says():
    s = formulas.dot_scores([1.0, 0.5], [[2.0, 0.0], [1.0, 1.0], [0.5, 0.2]])
    m = [-2.0, -0.5, -3.0]
    ways = (m, formulas.softmax(s), formulas.product_scores(m, s))
    places = [[formulas.expected_place(way, c) for way in ways] for c in range(3)]
    assert "Candidate 1 has places 2, 1 and 3; candidate 2 has 1, 2 and 1; candidate 3" in chapter()
    assert places == [[2, 1, 3], [1, 2, 1], [3, 3, 2]]


def test_random_catalogues_are_reordered_as_often_as_the_caption_says():
    base = np.random.default_rng(0).normal(size=(4000, 10))

    def changed(mean):
        product = formulas.self_product(base + mean)[0]
        order = (product.argsort(1) == base.argsort(1)).all(1)
        return 1 - order.mean(), (product.argmax(1) != base.argmax(1)).mean()

    text = chapter()
    assert "At a mean of 0 the best stays best, but in two catalogues of three some" in text
    order, best = changed(0)
    assert abs(order - 2 / 3) < 0.03
    assert best < 0.002
    assert "from a mean of about −3 downwards, nearly every catalogue has another" in text
    assert changed(-3)[1] > 0.97
    assert "1 up to -1 and falls to 0 at 2" in text
    assert changed(-1)[0] > 0.99
    assert changed(2)[0] < 0.005
    assert "1 up to -3 and falls to 0 at -0.5" in text
    assert changed(-0.5)[1] < 0.01


def test_the_coordinates_rank_as_the_heat_map_says():
    m = np.array([[0.9, 0.2, 0.1], [0.5, 0.9, 0.3], [0.6, 0.8, 0.9]])
    r = m * formulas.softmax([0.4, 0.3, 0.0])[:, None]
    assert r.argmax(0).tolist() == [0, 1, 2]
    assert len({tuple(column.argsort()) for column in r.T}) == 3


def test_the_work_of_the_network_is_the_one_that_the_text_says():
    assert "34 times the work" in chapter()
    assert (32 + 32 * 32 + 32) / 32 == 34
