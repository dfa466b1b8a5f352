"""A page of working computes what Python computes, prints it, and refuses everything else."""

from __future__ import annotations

import html
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnrec_lite import formulas
from attnrec_lite.working import Working
from attnrec_lite.working.arithmetic import number

quick = settings(deadline=None, max_examples=150)
values = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
NAMES = ("k1", "k10", "k", "α")
PLAIN = {name: getattr(math, name) for name in ("exp", "log", "sqrt", "tanh")} | {
    "max": max,
    "min": min,
    "__builtins__": {},
}


@st.composite
def expressions(draw, depth=3):
    """Text of the language, with parentheses wherever two operators meet."""
    kind = draw(st.sampled_from(["leaf", "sign", "one", "two", "operator"] if depth else ["leaf"]))
    part = expressions(depth=depth - 1) if depth else st.nothing()
    if kind == "leaf":
        return draw(st.sampled_from(NAMES) | st.floats(0, 99).map(lambda x: repr(round(x, 2))))
    if kind == "sign":
        return f"-({draw(part)})"
    if kind == "one":
        return f"{draw(st.sampled_from(['exp', 'log', 'sqrt', 'tanh']))}({draw(part)})"
    if kind == "two":
        return f"{draw(st.sampled_from(['max', 'min']))}({draw(part)}, {draw(part)})"
    return f"({draw(part)}) {draw(st.sampled_from(['+', '-', '*', '/', '**']))} ({draw(part)})"


def by_python(expression: str, names: dict[str, float]) -> float:
    """What Python makes of it, nan where it is no finite real number."""
    try:
        found = eval(expression, dict(PLAIN), names)  # text that this test has made itself
    except (ArithmeticError, ValueError, TypeError):  # the last: a complex number inside
        return math.nan
    return float(found) if isinstance(found, float) and math.isfinite(found) else math.nan


def columns(page: Working) -> list[list[str]]:
    """The cells of the text form, below the head."""
    rows = repr(page).splitlines()
    head = next(i for i, row in enumerate(rows) if row.startswith("line "))
    return [re.split(r"  +", row) for row in rows[head + 1 :]]


def unwritten(text: str) -> str:
    """A printed expression as Python again; every number a float."""
    numbers = r"(?<![\w.])\d+(\.\d+)?(e-?\d+)?"
    text = re.sub(numbers, lambda found: repr(float(found[0])), text)
    return text.replace("×", "*").replace("^", "**")


# ---- values ------------------------------------------------------------------------------------


@quick
@given(expressions(), st.lists(values, min_size=4, max_size=4))
def test_a_line_has_the_value_that_python_gives(expression, numbers):
    names = dict(zip(NAMES, numbers, strict=True))
    found = Working("any", **names).step("result", expression)["result"]
    expected = by_python(expression, names)
    if not math.isnan(found) or not overflows(expression, names):
        np.testing.assert_equal(found, expected)


def overflows(expression: str, names: dict[str, float]) -> bool:
    """Whether a product or sum inside is infinite: Python goes on with it, a page does not."""
    seen = []
    ways = {"+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__"}

    class Watched(float):
        pass

    for way in (*ways.values(), *(w.replace("__", "__r", 1) for w in ways.values())):

        def watched(self, other, way=way):
            seen.append(getattr(float(self), way)(float(other)))
            return Watched(seen[-1])

        setattr(Watched, way, watched)
    by_python(expression, {name: Watched(value) for name, value in names.items()})
    return not all(map(math.isfinite, seen))


@quick
@given(expressions(), st.lists(st.floats(-9, 9).map(lambda x: round(x, 3)), min_size=4, max_size=4))
def test_formula_and_numbers_as_printed_mean_what_was_asked(expression, numbers):
    names = dict(zip(NAMES, numbers, strict=True))
    page = Working("any", **names).step("result", expression)
    _, formula, with_numbers, *_ = columns(page)[0]
    expected = by_python(expression, names)
    np.testing.assert_equal(by_python(unwritten(formula), names), expected)
    np.testing.assert_allclose(by_python(unwritten(with_numbers), {}), expected, rtol=1e-12)


@quick
@given(st.lists(values, min_size=4, max_size=4), st.lists(values, min_size=4, max_size=4))
def test_a_changed_page_is_the_page_made_anew(before, after):
    def page(numbers):
        start = Working("sum", **dict(zip(NAMES, numbers, strict=True)))
        return start.steps(a="k1 - k10", b="a * α + k").step("c", "max(a, b)", "the larger")

    changed = page(before).change(**dict(zip(NAMES, after, strict=True)))
    assert repr(changed) == repr(page(after))
    assert changed._repr_html_() == page(after)._repr_html_()


def test_a_page_is_not_changed_by_what_is_made_from_it():
    page = Working("kept", x=1.0)
    longer = page.step("y", "x + 1")
    assert longer.change(x=5.0)["y"] == 6.0
    assert longer["y"] == 2.0
    with pytest.raises(KeyError, match="expected one of x; received 'y'"):
        page["y"]


@quick
@given(st.lists(st.floats(-20, 20), min_size=1, max_size=12))
def test_a_softmax_worked_line_by_line_is_the_softmax_of_the_package(scores):
    page = Working("scores", **{f"s{i}": s for i, s in enumerate(scores, 1)}).softmax()
    np.testing.assert_allclose(page.row("a"), formulas.softmax(scores), rtol=1e-9)
    assert len(columns(page)) == 2 * len(scores) + 1


def test_a_softmax_needs_scores_and_takes_them_by_any_name():
    with pytest.raises(KeyError, match="names such as s1"):
        Working("none", x=1.0).softmax()
    with pytest.raises(ValueError, match="'e1' stands above already"):
        Working("twice", s1=1.0, s2=2.0).softmax().softmax(weights="b")
    page = Working("y", y1=1.0, y2=1.0, s=5.0).softmax("y", "share")
    assert page.row("share").tolist() == [0.5, 0.5]


def test_a_row_is_in_the_order_of_its_numbers_and_takes_no_other_names():
    page = Working("row", k10=10.0, k2=2.0, k=0.0, k1=1.0, key1=9.0, k01=7.0)
    assert page.row("k").tolist() == [1.0, 2.0, 10.0]
    with pytest.raises(KeyError, match="names such as q1"):
        page.row("q")


# ---- text --------------------------------------------------------------------------------------


def test_the_text_stands_in_aligned_columns_with_every_number_in_its_place():
    page = Working("one score", q1=1.0, k1=-0.5, q10=2.0, k10=0.25)
    page = page.step("s", "q1 * k1 + q10 * k10", "two products").step("e", "exp(s - 1)")
    assert repr(page).splitlines() == [
        "one score",
        "given  q1 = 1, k1 = -0.5, q10 = 2, k10 = 0.25",
        "line   formula              with numbers           result",
        "s      q1 × k1 + q10 × k10  1 × (-0.5) + 2 × 0.25  = 0       # two products",
        "e      exp(s - 1)           exp(0 - 1)             ≈ 0.3679",
    ]


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [
        ("a * b", "(-2) × 3"),
        ("b - a", "3 - (-2)"),
        ("a ** 2", "(-2) ^ 2"),
        ("-a", "-(-2)"),
        ("-b ** 2", "-(3 ^ 2)"),
        ("(-b) ** 2", "(-3) ^ 2"),
        ("exp(a)", "exp(-2)"),
        ("a", "-2"),
        ("b - (a - b)", "3 - ((-2) - 3)"),
        ("b / (a * b)", "3 / ((-2) × 3)"),
        ("2 ** 3 ** 2", "2 ^ 3 ^ 2"),
        ("(2 ** 3) ** 2", "(2 ^ 3) ^ 2"),
    ],
)
def test_negative_numbers_and_nested_signs_keep_their_parentheses(expression, numbers):
    assert columns(Working("signs", a=-2.0, b=3.0).step("x", expression))[0][2] == numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-0.25, "-0.25"), (0.03125, "0.0313"),
        (2 / 3, "0.6667"), (0.1 + 0.2, "0.3"), (0.23004, "0.2300"),
        (0.00004, "4e-5"), (-1.5e-300, "-1.5e-300"), (1e7, "1e7"),
        (123456.78914, "123456.7891"), (9999999.99999, "10000000.0000"), (1.7e308, "1.7e308"),
        (math.nan, "undefined"),
    ],
)  # fmt: skip
def test_numbers_are_printed_to_four_places_as_at_school(value, text):
    assert number(value) == text


@quick
@given(st.floats(-1e307, 1e307))
def test_a_printed_number_is_near_and_the_sign_says_whether_it_is_exact(value):
    page = Working("x", x=value).step("y", "x")
    sign, text = columns(page)[0][3].split()
    error = abs(float(text) - value)
    assert error <= max(0.5e-4 * (1 + 1e-9), 0.5e-3 * abs(value) * (1 + 1e-9))
    assert (sign == "=") == (error <= 1e-12 * abs(value))


# ---- what has no value ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    ["1 / x", "log(x)", "log(-1)", "sqrt(-1)", "(-8) ** (1 / 3)", "exp(1000)", "10 ** 400",
     "1e308 * 10", "x ** -1", "x / x", "1 / (1 / x)", "(1 / x) ** 0", "min(1, log(x))"],
)  # fmt: skip
def test_what_has_no_finite_value_is_undefined_and_so_is_what_uses_it(expression):
    page = Working("none", x=0.0).step("a", expression).step("b", "a ** 0").step("c", "x + 1")
    assert math.isnan(page["a"])
    assert math.isnan(page["b"])
    assert page["c"] == 1.0
    assert repr(page).count("undefined") == 3
    assert ">undefined</td>" in page._repr_html_()


# ---- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "refused"),
    [
        ("__import__('os').system('id')", "__import__"),
        ("x.real", "x.real"),
        ("x[0]", "x[0]"),
        ("lambda: 1", "lambda"),
        ("x if x else 1", "x if x else 1"),
        ("x // 2", "x // 2"),
        ("x @ x", "x @ x"),
        ("~x", "~x"),
        ("not x", "not x"),
        ("x < 1", "x < 1"),
        ("(1, 2)", "(1, 2)"),
        ("'text'", "'text'"),
        ("True", "True"),
        ("2j", "2j"),
        ("1e999", "1e309"),
        ("1" + "0" * 400, "1000"),
        ("print(x)", "print(x)"),
        ("pow(x, 2)", "pow(x, 2)"),
        ("exp(x, 2)", "exp(x, 2)"),
        ("exp(x=1)", "exp(x=1)"),
        ("exp(*[x])", "*[x]"),
        ("max(x)", "max(x)"),
        ("sin(x)", "sin(x)"),
        ("", "''"),
        ("x +", "x +"),
        ("x; x", "x; x"),
        ("y := 1", "y := 1"),
        ("x\0", "x"),
        ("(" * 3000, "((("),
        ("1 + " * 2000 + "1", "1 + 1"),
        (None, "None"),
        (1.0, "1.0"),
    ],
)
def test_everything_but_arithmetic_is_refused_by_name(expression, refused):
    with pytest.raises(ValueError, match=r"^expression: expected .*received .*") as error:
        Working("safe", x=1.0).step("a", expression)
    assert refused in str(error.value)


def test_deep_nesting_is_refused_before_it_overflows():
    with pytest.raises(ValueError, match="nesting of at most"):
        Working("deep").step("a", "-" * 1000 + "1")
    long_sum = " + ".join(["q1 * k1"] * 100)
    assert Working("long", q1=2.0, k1=0.5).step("s", long_sum)["s"] == 100.0


@pytest.mark.parametrize("expression", ["later + 1", "k", "k11", "exp", "K1"])
def test_names_that_do_not_stand_above_are_refused(expression):
    page = Working("names", k1=1.0, k10=2.0)
    with pytest.raises(ValueError, match=r"stands above \(k1, k10\); received"):
        page.step("later", expression)
    assert page.step("sum", "k1 + 10 * k10")["sum"] == 21.0


@pytest.mark.parametrize("name", ["a b", "1a", "", "exp", "lambda", "a-b", "<b>", "ﬁ", None])
def test_names_that_are_no_plain_names_are_refused(name):
    with pytest.raises(ValueError, match="name: expected a plain name"):
        Working("names").step(name, "1")


def test_taken_names_and_numbers_that_are_none_are_refused():
    page = Working("names", x=1.0).step("y", "x")
    for name in ("x", "y"):
        with pytest.raises(ValueError, match=f"{name!r} stands above already"):
            page.step(name, "1")
    for value in (math.nan, math.inf, "1", None, True, 10**400):
        with pytest.raises(ValueError, match="x: expected a finite number; received"):
            page.change(x=value)
    with pytest.raises(ValueError, match=r"change: expected given names \(x\); received 'y'"):
        page.change(y=1.0)
    assert Working("from numpy", x=np.float32(0.5))["x"] == 0.5


# ---- HTML --------------------------------------------------------------------------------------


def test_the_table_carries_its_values_without_any_script():
    page = Working("a < b & c", x=-0.5).step("y", "2 * x", 'twice "x" <i>')
    text = page._repr_html_()
    static = text[: text.index("<script>")]
    assert "<caption>a &lt; b &amp; c</caption>" in static
    assert "twice &quot;x&quot; &lt;i&gt;" in static
    assert static.count('scope="col"') == 4
    assert static.count('scope="row"') == 1
    assert re.search(r'<label[^>]*>x <input type="number"[^>]*readonly[^>]*value="-0.5">', static)
    assert '<span data-of="x" data-wrap="">(-0.5)</span>' in static
    assert ">= -1</td>" in static


def test_the_script_gets_a_tree_and_no_text_to_evaluate():
    text = Working("tree", x=1.0).step("y", "exp(-x) / 2")._repr_html_()
    lines = json.loads(html.unescape(re.search(r'data-lines="([^"]*)"', text)[1]))
    assert lines == [["y", ["/", ["exp", ["neg", "x"]], 2.0]]]
    script = text[text.index("<script>") :]
    assert not re.search(r"\beval\b|Function\(|https?:|innerHTML|window\.", script)


def test_the_same_page_is_written_the_same_and_needs_no_boxes():
    pages = [Working("one", x=1.0).step("y", "x")._repr_html_() for _ in range(2)]
    assert pages[0] == pages[1]
    bare = Working("no numbers").step("y", "1 + 1")._repr_html_()
    assert "<input" not in bare
    assert "<fieldset" not in bare


@pytest.mark.parametrize(
    "expression",
    ["x" + ".a" * 1900, "foo(" + "-" * 1500 + "x)", "not " * 900 + "x", "0x" + "f" * 3990],
)
def test_what_is_too_deep_or_too_long_to_quote_is_refused_all_the_same(expression):
    with pytest.raises(ValueError, match="^expression: expected "):
        Working("", x=1.0).step("y", expression)


@pytest.mark.filterwarnings("error")
def test_text_that_python_would_warn_about_is_refused_without_a_warning():
    with pytest.raises(ValueError, match="^expression: expected"):
        Working("").step("y", "1if 1 else 2")


def test_a_line_and_a_given_number_may_be_called_self():
    page = Working("", self=2.0).steps(y="self + 1")
    assert page.change(self=3.0)["y"] == 4.0
    assert Working("", x=1.0).steps(self="x")["self"] == 1.0
