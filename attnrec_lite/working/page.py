"""A calculation set out like a page of working: name, formula, the same with numbers, result.

Every line can be checked by a calculator to the last digit shown; the page itself goes on with all
digits that a computer has, so that 0.1 + 0.2 - 0.3 is 6e-17. Every given number can be changed, in
Python with ``change`` and on the rendered page in its box. Expressions are text in a tiny language
of arithmetic; they are parsed and checked, never evaluated as Python or as JavaScript.
"""

from __future__ import annotations

import json
import keyword
import math
import re
from html import escape
from importlib.resources import files
from typing import NamedTuple, Self
from unicodedata import normalize

import numpy as np

from attnrec_lite._checks import Floats
from attnrec_lite.working.arithmetic import FUNCTIONS, Tree, evaluate, is_all, number, parse, write

HEAD = ("line", "formula", "with numbers", "result")


class Line(NamedTuple):
    """One line of working: its name, what it computes, and a remark."""

    name: str
    tree: Tree
    note: str


class Working:
    """A page of working: given numbers, then lines, each made of numbers that stand above it.

    Args:
        title: what is worked out; the caption of the page.
        given: the numbers that the page starts from, by name.

    Raises:
        ValueError: if a name is no plain name or taken, or a given value is no finite number.

    >>> page = Working("One weight of two", s1=1.5, s2=-0.5)
    >>> page = page.step("e1", "exp(s1)").step("e2", "exp(s2)").step("a1", "e1 / (e1 + e2)")
    >>> page
    One weight of two
    given  s1 = 1.5, s2 = -0.5
    line   formula         with numbers                result
    e1     exp(s1)         exp(1.5)                    ≈ 4.4817
    e2     exp(s2)         exp(-0.5)                   ≈ 0.6065
    a1     e1 / (e1 + e2)  4.4817 / (4.4817 + 0.6065)  ≈ 0.8808
    >>> round(page.change(s2=1.5)["a1"], 4)
    0.5
    """

    def __init__(self, title: str, /, **given: float) -> None:
        self.title = str(title)
        self._lines: tuple[Line, ...] = ()
        self._values: dict[str, float] = {}
        for name, value in given.items():
            self._check_name(name)
            self._values[name] = _finite(name, value)
        self._given = dict(self._values)

    def step(self, name: str, expression: str, note: str = "") -> Self:
        """The page with one line more.

        Args:
            name: of the line; later lines may use it.
            expression: numbers, names from above, ``+ - * / **``, parentheses, and the functions
                exp, log (natural), sqrt, tanh, max, min.
            note: a remark, shown below the formula.

        Raises:
            ValueError: if the name is no plain name or taken, or the expression holds anything
                else; the message quotes what was refused.
        """
        self._check_name(name)
        return self._with(Line(name, parse(expression, self._values), str(note)))

    def steps(self, /, **expressions: str) -> Self:
        """The page with several lines more, ``name="expression"``, in the order given."""
        page = self
        for name, expression in expressions.items():
            page = page.step(name, expression)
        return page

    def softmax(self, scores: str = "s", weights: str = "a") -> Self:
        """The page with the softmax of ``s1``, ``s2``, ... as lines: ``e1``..., total, ``a1``...

        For paper: at most about 150 scores, and none above 709, whose exponential is undefined.

        Args:
            scores: what the names of the scores begin with.
            weights: what the names of the weights shall begin with.

        Raises:
            KeyError: if there are no such scores.
            ValueError: if a name is taken: a page has room for one softmax.
        """
        rows = [name[len(scores) :] for name in self._values if _numbered(scores, name)]
        self.row(scores)
        page = self.steps(**{f"e{i}": f"exp({scores}{i})" for i in rows})
        page = page.step("total", " + ".join(f"e{i}" for i in rows))
        return page.steps(**{f"{weights}{i}": f"e{i} / total" for i in rows})

    def change(self, /, **given: float) -> Self:
        """The same page worked again from other numbers.

        Raises:
            ValueError: if a name is not among the given ones, or a value is no finite number.
        """
        for name in given:
            if name not in self._given:
                known = ", ".join(self._given) or "none"
                raise ValueError(f"change: expected given names ({known}); received {name!r}")
        page = type(self)(self.title, **(self._given | given))
        for line in self._lines:
            page = page._with(line)
        return page

    def __getitem__(self, name: str) -> float:
        """The value of a name, given or worked out; nan where a line is undefined."""
        if name not in self._values:
            raise KeyError(f"expected one of {', '.join(self._values)}; received {name!r}")
        return self._values[name]

    def row(self, stem: str) -> Floats:
        """The values of ``stem1``, ``stem2``, ... in the order of their numbers."""
        found = {int(n[len(stem) :]): v for n, v in self._values.items() if _numbered(stem, n)}
        if not found:
            raise KeyError(f"expected names such as {stem}1; received a page without them")
        return np.array([found[number] for number in sorted(found)])

    def _with(self, line: Line) -> Self:
        page = type(self)(self.title, **self._given)
        page._lines = (*self._lines, line)
        page._values = self._values | {line.name: evaluate(line.tree, self._values)}
        return page

    def _check_name(self, name: str) -> None:
        plain = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
        if not plain or name in FUNCTIONS or normalize("NFKC", name) != name:
            raise ValueError(f"name: expected a plain name such as s1; received {name!r}")
        if name in self._values:
            raise ValueError(f"name: expected a new one; {name!r} stands above already")

    def _rows(self) -> list[tuple[str, ...]]:
        def value(leaf: float | str, wrap: bool) -> str:
            return _shown(self._values[leaf], wrap) if isinstance(leaf, str) else _exact(leaf)

        return [
            (name, write(tree, _named), write(tree, value), _result(self[name]), note)
            for name, tree, note in self._lines
        ]

    def __repr__(self) -> str:
        """The page as text in columns."""
        rows = [(*HEAD, ""), *self._rows()]
        wide = [max(len(row[c]) for row in rows) for c in range(4)]
        wide[0] = max(wide[0], len("given"))
        lines = [self.title]
        if self._given:
            numbers = ", ".join(f"{n} = {_exact(v)}" for n, v in self._given.items())
            lines.append(f"{'given':<{wide[0]}}  {numbers}")
        for row in rows if self._lines else []:
            cells = [f"{cell:<{size}}" for cell, size in zip(row[:4], wide, strict=True)]
            lines.append(("  ".join(cells) + (f"  # {row[4]}" if row[4] else "")).rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The page as a table whose given numbers can be changed where scripts run."""

        def span(leaf: float | str, wrap: bool) -> str:
            if not isinstance(leaf, str):
                return _exact(leaf)
            mark = ' data-wrap=""' if wrap else ""
            return f'<span data-of="{leaf}"{mark}>{_shown(self._values[leaf], wrap)}</span>'

        boxes = "".join(
            f'<label style="white-space:nowrap">{name} '
            f'<input type="number" step="any" readonly autocomplete="off" '
            f'style="width:5.5em" name="{name}" value="{_exact(value)}"></label> '
            for name, value in self._given.items()
        )
        given = f"<fieldset><legend>Given</legend>{boxes}</fieldset>" if boxes else ""
        head = "".join(f'<th scope="col">{title}</th>' for title in HEAD)
        body = ""
        for name, tree, note in self._lines:
            remark = f"<br><small>{escape(note)}</small>" if note else ""
            body += (
                f'<tr><th scope="row">{name}</th><td>{write(tree, _named)}{remark}</td>'
                f"<td>{write(tree, span)}</td>"
                f'<td data-result="" style="white-space:nowrap">{_result(self[name])}</td></tr>'
            )
        lines = json.dumps([[name, tree] for name, tree, _ in self._lines])
        table = (
            f'<table class="working"><caption>{escape(self.title)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )
        script = files("attnrec_lite.working").joinpath("page.js").read_text(encoding="utf8")
        return (
            f'<div class="working" data-lines="{escape(lines)}">{given}{table}</div>'
            f"<script>{script.strip()}</script>"
        )


def _result(value: float) -> str:
    """The last column: = where the printed number is the whole number, ≈ where it is rounded."""
    text = number(value)
    if text == "undefined":
        return text
    return f"{'=' if is_all(text, value) else '≈'} {text}"


def _shown(value: float, wrap: bool) -> str:
    return f"({number(value)})" if wrap and value < 0 else number(value)


def _named(leaf: float | str, wrap: bool) -> str:
    return leaf if isinstance(leaf, str) else _exact(leaf)


def _exact(value: float) -> str:
    return repr(value).removesuffix(".0")


def _numbered(stem: str, name: str) -> bool:
    return re.fullmatch(re.escape(stem) + r"[1-9][0-9]*", name) is not None


def _finite(name: str, value: float) -> float:
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    try:
        found = float(value) if real else math.nan
    except OverflowError:  # an integer too large for a float
        found = math.inf
    if not math.isfinite(found):
        raise ValueError(f"{name}: expected a finite number; received {value!r:.60}")
    return found
