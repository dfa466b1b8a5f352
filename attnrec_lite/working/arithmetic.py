"""The arithmetic of a page of working: text to a checked tree, its value, its text, its digits.

The language has numbers, names, ``+ - * / **``, parentheses and a few functions. Python's parser
reads it; nothing is ever evaluated as Python. ``page.js`` follows the same rules in a browser.
"""

from __future__ import annotations

import ast
import math
import sys
import warnings
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

Tree = float | str | tuple[Any, ...]  # a number, a name, or (operation, *trees)

OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
SIGNS = {"+": (1, " + "), "-": (1, " - "), "*": (2, " × "), "/": (2, " / "), "**": (4, " ^ ")}
ONE_NUMBER = ("exp", "log", "sqrt", "tanh")
FUNCTIONS = (*ONE_NUMBER, "max", "min")
APPLY: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "**": lambda a, b: a**b, "neg": lambda a: -a,
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "tanh": math.tanh, "max": max, "min": min,
}  # fmt: skip
DEEPEST, LONGEST = 150, 4000  # of a tree; of its text


def parse(expression: str, known: Mapping[str, float]) -> Tree:
    """Text to a checked tree; whatever is not arithmetic on known names is refused by name."""
    refused = f"expression: expected arithmetic of at most {LONGEST} characters; received "
    if not isinstance(expression, str) or len(expression) > LONGEST:
        raise ValueError(f"{refused}{expression!r:.60}")
    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
            body = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{refused}{expression!r:.60}") from None
    return _tree(body, known, DEEPEST)


def _tree(node: ast.expr, known: Mapping[str, float], depth: int) -> Tree:
    if depth == 0:
        raise ValueError(f"expression: expected nesting of at most {DEEPEST}; received more")
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number) if abs(number) <= sys.float_info.max:
            return float(number)
        case ast.Name(id=name):
            if name in known:
                return name
            raise ValueError(
                f"expression: expected a name that stands above ({', '.join(known) or 'none yet'});"
                f" received {name!r}"
            )
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return ("neg", _tree(inner, known, depth - 1))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            parts = [_tree(side, known, depth - 1) for side in (left, right)]
            return (OPERATORS[type(op)], *parts)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            if len(args) == 1 if name in ONE_NUMBER else len(args) >= 2:
                return (name, *[_tree(arg, known, depth - 1) for arg in args])
    raise ValueError(
        "expression: expected numbers, names, + - * / ** and " + ", ".join(FUNCTIONS)
        + f"; received {_quote(node)!r:.60}"
    )  # fmt: skip


def _quote(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):  # very deep, or a number of thousands of digits
        return "something very long"


def evaluate(tree: Tree, values: Mapping[str, float]) -> float:
    """The number that a tree gives; nan as soon as any part of it is no finite number."""
    if not isinstance(tree, tuple):
        return values[tree] if isinstance(tree, str) else tree
    parts = [evaluate(part, values) for part in tree[1:]]
    if any(math.isnan(part) for part in parts):
        return math.nan
    try:
        found = APPLY[tree[0]](*parts)
    except (ArithmeticError, ValueError):
        return math.nan
    return found if isinstance(found, float) and math.isfinite(found) else math.nan


def write(tree: Tree, leaf: Callable[[float | str, bool], str], need: int = 0) -> str:
    """A tree as text with the parentheses that it needs; ``leaf`` writes names and numbers."""
    if not isinstance(tree, tuple):
        return leaf(tree, need > 0)
    sign, *parts = tree
    if sign in FUNCTIONS:
        return f"{sign}({', '.join(write(part, leaf) for part in parts)})"
    if sign == "neg":
        text = f"-{write(parts[0], leaf, 5)}"
        return f"({text})" if need else text
    level, between = SIGNS[sign]
    left, right = (5, 4) if sign == "**" else (level, level + 1)
    text = write(parts[0], leaf, left) + between + write(parts[1], leaf, right)
    return f"({text})" if level < need else text


def number(value: float) -> str:
    """A number as the page prints it: four decimals, halves up; tiny and huge with a power of 10.

    A number with fewer decimals is printed without the zeros, a rounded one with them.

    >>> number(0.5), number(0.03125), number(0.23004), number(4e-5), number(float("nan"))
    ('0.5', '0.0313', '0.2300', '4e-5', 'undefined')
    """
    if math.isnan(value):
        return "undefined"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e7:
        digits, power = f"{Decimal(value).quantize(Decimal('0.0001'), ROUND_HALF_UP):f}", ""
    else:
        short = Context(prec=4, rounding=ROUND_HALF_UP).create_decimal(value)
        digits, power = f"{short:.3e}".split("e")
        power = f"e{int(power)}"
    return (digits.rstrip("0").rstrip(".") if is_all(digits + power, value) else digits) + power


def is_all(text: str, value: float) -> bool:
    """Whether a printed number is the whole number, but for the computer's own rounding."""
    return abs(float(text) - value) <= 1e-12 * abs(value)
