"""What was shown to whom, and whether it was clicked: the table that click models learn from.

A log of purchases knows only what people took. A click model also needs what they left: a row here
is one item shown at one moment, with the history of that moment, the circumstances, and a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_floats, as_history, inside
from attnrec_lite.data import _codes
from attnrec_lite.data.vocabulary import Vocabulary

_INT32 = 2**31 - 1
NOT_KNOWN = -1  # label of a row that nobody has seen yet


@dataclass(frozen=True, eq=False, repr=False)
class Clicks:
    """Rows of shown items; all but the first three columns may be left out.

    Attributes:
        items: the vocabulary of history and candidate.
        history: what the user had taken before, int32 ``(n, length)``, left-padded, newest last.
        candidate: the item shown, int32 ``(n,)``.
        label: 1 for a click, else 0, int8 ``(n,)``; -1 where it is not known.
        chance: the true chance of the click, float64 ``(n,)``; NaN where nobody knows it.
        features: circumstances as codes, int32 ``(n, fields)``.
        fields: name of each column of ``features`` to the names of its codes.
        page: number of the page that an item was shown on, int64 ``(n,)``; rows of a page stand
            together. By default each row is a page of its own.
        user: user codes, int32 ``(n,)``; by default each row is a user of its own.

    Raises:
        ValueError: if lengths differ or a code is out of range.

    >>> goods = Vocabulary(np.array([1, 2]), np.array(["kettle", "teapot"]))
    >>> Clicks(goods, [[0, 1], [0, 0]], [2, 2], label=[1, 0])
    Clicks(2 rows, 1 click, 2 pages)
    """

    items: Vocabulary
    history: NDArray[np.int32]
    candidate: NDArray[np.int32]
    label: NDArray[np.int8] = None  # type: ignore[assignment]  # -1, see below
    chance: NDArray[np.float64] = None  # type: ignore[assignment]
    features: NDArray[np.int32] = None  # type: ignore[assignment]
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: NDArray[np.int64] = None  # type: ignore[assignment]
    user: NDArray[np.int32] = None  # type: ignore[assignment]

    BY_ROW: ClassVar[tuple[str, ...]] = (
        "history", "candidate", "label", "chance", "features", "page", "user",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Fill in what was left out, check what was given and protect the arrays."""
        history = as_history(self.history, len(self.items))
        n = len(history)
        given = {name: getattr(self, name) for name in self.BY_ROW}
        defaults = {
            "label": np.full(n, NOT_KNOWN),
            "chance": np.full(n, np.nan),
            "features": np.zeros((n, 0), np.int32),
            "page": np.arange(n),
            "user": np.arange(n),
        }
        given |= {name: column for name, column in defaults.items() if given[name] is None}
        columns: dict[str, NDArray[Any]] = {
            "history": history,
            "candidate": _codes_of("candidate", given["candidate"], 1, len(self.items), n),
            "label": _codes_of("label", given["label"], NOT_KNOWN, 1, n).astype(np.int8),
            "chance": _chances(_of_length("chance", given["chance"], n)),
            "features": _features(np.asarray(given["features"]), self.fields, n),
            "page": _codes_of("page", given["page"], 0, _INT32, n).astype(np.int64),
            "user": _codes_of("user", given["user"], 0, _INT32, n),
        }
        for name, column in columns.items():
            object.__setattr__(self, name, _codes.read_only(column))
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))
        if len(np.unique(self.page)) != min(n, int((np.diff(self.page) != 0).sum()) + 1):
            raise ValueError("page: expected the rows of a page to stand together; they do not")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.candidate)

    def __repr__(self) -> str:
        """Show the number of rows, clicks and pages."""
        sizes = (len(self), int((self.label == 1).sum()), len(np.unique(self.page)))
        parts = map(_codes.count, sizes, ("row", "click", "page"))
        return f"{type(self).__name__}({', '.join(parts)})"

    @property
    def sizes(self) -> dict[str, int]:
        """How many codes each field has, by name."""
        return {name: len(codes) for name, codes in self.fields.items()}

    def select(self, rows: ArrayLike) -> Self:
        """Keep some rows, in their order.

        Args:
            rows: a boolean for each row, or row numbers, each at most once.

        Returns:
            The smaller table.

        Raises:
            ValueError: if booleans are not one per row, or a number is out of range or repeated.
        """
        keep = _codes.as_rows(rows, len(self))
        return replace(self, **{name: getattr(self, name)[keep] for name in self.BY_ROW})

    def split(self, validation: float = 0.1, test: float = 0.2) -> tuple[Self, Self, Self]:
        """Cut into train, validation and test, in this order, between pages.

        Rows stand in order of time, so the past trains and the future judges.

        Args:
            validation: share of the pages to choose by, above 0.
            test: share of the pages to judge by, above 0.

        Returns:
            Three tables; each has a page at least.

        Raises:
            ValueError: if a share is not above 0, both leave nothing, or there are under 3 pages.
        """
        rest = 1 - inside("validation", validation) - inside("test", test)
        starts = np.sort(np.unique(self.page, return_index=True)[1])
        if rest <= 0 or len(starts) < 3:
            raise ValueError(
                "validation, test: expected shares that leave something, and 3 pages or more; "
                f"received {validation} and {test} of {len(starts)} pages"
            )
        n = len(starts)
        first = min(max(1, round(rest * n)), n - 2)
        second = min(max(first + 1, round((1 - test) * n)), n - 1)
        cuts = [0, starts[first], starts[second], len(self)]
        train, choose, judge = (self.select(np.arange(a, b)) for a, b in pairwise(cuts))
        return train, choose, judge

    def pages(self) -> NDArray[np.int64]:
        """Row numbers of each page, ``(pages, longest)``, in their order; -1 fills up the right.

        >>> goods = Vocabulary(np.array([1, 2]))
        >>> Clicks(goods, [[0]] * 3, [1, 2, 1], page=[7, 7, 8]).pages()
        array([[ 0,  1],
               [ 2, -1]])
        """
        begins = np.append(True, np.diff(self.page) != 0)[: len(self)]
        number = np.cumsum(begins) - 1
        place = np.arange(len(self)) - np.flatnonzero(begins)[number]
        rows = np.full((int(begins.sum()), int(place.max(initial=0)) + 1), -1)
        rows[number, place] = np.arange(len(self))
        return rows


@dataclass(frozen=True, eq=False, repr=False)
class Planted(Clicks):
    """Clicks drawn by a rule that is known, and the truth behind them.

    Attributes:
        relevant: what the label depends on, bool. Over the history, ``(n, length)``: the items that
            count; over a page, ``(n, places)``: the goods shown beside it that count; over pairs of
            fields, ``(n, pairs)``: the pairs that matter. The maker says which.
        category: category of each item, int64 ``(N + 1,)``; -1 for padding.
        quality: hidden quality of each item, float64 ``(N + 1,)``; 0 for padding.
        rule: the name of the rule.
    """

    relevant: NDArray[np.bool_] = None  # type: ignore[assignment]  # every maker fills these
    category: NDArray[np.int64] = None  # type: ignore[assignment]
    quality: NDArray[np.float64] = None  # type: ignore[assignment]
    rule: str = ""

    BY_ROW: ClassVar[tuple[str, ...]] = (*Clicks.BY_ROW, "relevant")

    def __post_init__(self) -> None:
        """Check the columns of a table, then the truth."""
        super().__post_init__()
        for name in ("relevant", "category", "quality"):
            object.__setattr__(self, name, _codes.read_only(np.asarray(getattr(self, name))))
        _of_length("relevant", self.relevant, len(self))


def _of_length(name: str, column: ArrayLike, n: int) -> NDArray[Any]:
    array = np.asarray(column)
    if array.ndim == 0 or len(array) != n:
        raise ValueError(f"{name}: expected {n} rows, as history has; received {array.shape}")
    return array


def _codes_of(name: str, column: ArrayLike, low: int, high: int, n: int) -> NDArray[np.int32]:
    """A column of whole numbers in low..high."""
    array = _of_length(name, _codes.as_vector(name, column), n)
    if array.size and array.dtype.kind not in "iub":
        raise ValueError(f"{name}: expected integers in {low}..{high}; received {array.dtype}")
    _codes.check_codes(name, array, low, high)
    return array.astype(np.int32)


def _chances(chance: NDArray[Any]) -> NDArray[np.float64]:
    known = as_floats("chance", chance, 1)
    wrong = (known < 0) | (known > 1)
    if wrong.any():
        raise ValueError(f"chance: expected numbers in [0, 1], or NaN; received {known[wrong][0]}")
    return known


def _features(
    features: NDArray[Any], fields: Mapping[str, tuple[str, ...]], n: int
) -> NDArray[np.int32]:
    if features.shape != (n, len(fields)):
        raise ValueError(
            f"features: expected shape {(n, len(fields))}, a column for each field; "
            f"received {features.shape}"
        )
    for column, (name, codes) in enumerate(fields.items()):
        _codes.check_ids(name, features[:, column], len(codes) - 1)
    return features.astype(np.int32)
