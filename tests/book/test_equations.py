"""The numbers of equations agree: in the notebook, in the docstrings, and on the drawn cover."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

ROOT = Path(__file__).parents[2]
LABEL = re.compile(r"\$\$\s*\((eq-[a-z-]+)\)")
PLACES = {  # function to the labels of its equations in the chapter
    "dot_scores": ["eq-dot"],
    "softmax": ["eq-softmax", "eq-shift", "eq-temperature"],
    "weighted_sum": ["eq-weighted-sum"],
    "entropy": ["eq-entropy"],
    "masked_softmax": ["eq-masked"],
    "sigmoid": ["eq-sigmoid"],
    "cosine_scores": ["eq-cosine"],
    "cosine_ceiling": ["eq-ceiling"],
    "scaled_dot_scores": ["eq-scaled"],
    "softmax_jacobian": ["eq-jacobian"],
    "bilinear_scores": ["eq-bilinear"],
    "additive_scores": ["eq-additive"],
    "preference_scores": ["eq-preference"],
}
WITHOUT_FUNCTION = {"eq-variance", "eq-rows"}  # a statistic, and softmax along an axis


def labels(chapter: str) -> list[str]:
    """Labels of the numbered equations of a notebook, in order."""
    cells = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text(encoding="utf8"))["cells"]
    prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return LABEL.findall(prose)


def test_every_equation_has_its_function_and_every_function_its_equation():
    assert set(PLACES) == set(formulas.__all__)
    assert {label for places in PLACES.values() for label in places} | WITHOUT_FUNCTION == set(
        labels("scores-and-weights")
    )


@pytest.mark.parametrize("name", formulas.__all__)
def test_the_docstring_names_the_number_that_the_chapter_prints(name):
    order = labels("scores-and-weights")
    expected = [f"(2.{order.index(label) + 1})" for label in PLACES[name]]
    first_line = getattr(formulas, name).__doc__.splitlines()[0]
    assert re.findall(r"\(\d+\.\d+\)", first_line) == expected


def test_the_weights_on_the_cover_are_computed_by_the_rule_that_it_shows():
    goods = list(TOY_GOODS)
    vectors = np.array([TOY_GOODS[name] for name in goods])
    weights = formulas.softmax(formulas.dot_scores(TOY_GOODS["teapot"], vectors))
    drawing = ET.parse(ROOT / "book" / "figures" / "cover.svg").getroot()
    texts = [(t.text or "").strip() for t in drawing.iter("{http://www.w3.org/2000/svg}text")]
    printed = [float(t) for t in texts if re.fullmatch(r"0\.\d+", t)]
    assert [t for t in texts if t in goods] == goods
    np.testing.assert_allclose(printed, weights, atol=0.005)
