"""Made-up rows with two labels: who clicked, and which of them bought."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import one_of, whole
from attnrec_lite.data import _codes
from attnrec_lite.data.clicks import NOT_KNOWN, Planted, _codes_of
from attnrec_lite.data.planted import make_planted

SLOPE, RARE = 2.0, -1.5  # of the log odds of a purchase after a click: about one in three buys


@dataclass(frozen=True, eq=False, repr=False)
class Purchases(Planted):
    """Planted clicks, and whether a purchase followed.

    Attributes:
        bought: 1 for a purchase, 0 for none, -1 where it is not known, int8 ``(n,)``.
    """

    bought: NDArray[np.int8] = None  # type: ignore[assignment]  # the maker fills it

    BY_ROW: ClassVar[tuple[str, ...]] = (*Planted.BY_ROW, "bought")

    def __post_init__(self) -> None:
        """Check the columns of clicks, then the purchases."""
        super().__post_init__()
        codes = _codes_of("bought", self.bought, NOT_KNOWN, 1, len(self))
        if ((codes == 1) & (self.label == 0)).any():
            raise ValueError("bought: expected no purchase without a click; received some")
        object.__setattr__(self, "bought", _codes.read_only(codes.astype(np.int8)))

    def forget(self, task: str, known: int = 0) -> Self:
        """The same rows, as if one of the labels had been written down for a few only.

        Args:
            task: ``"click"`` or ``"purchase"``.
            known: rows, the first, that keep it.

        Raises:
            ValueError: if the word is unknown or the number below 0.
        """
        first = np.arange(len(self)) < whole("known", known, least=0)
        if one_of("task", task, ("click", "purchase")) == "click":
            return replace(self, label=np.where(first, self.label, NOT_KNOWN))
        return replace(self, bought=np.where(first, self.bought, NOT_KNOWN))


def make_purchases(n: int = 20_000, seed: int = 0) -> Purchases:
    """Clicks of ``make_planted`` (quality), of which about one in three becomes a purchase.

    The chance of a purchase after a click depends on the same mean quality as the click, and on
    the candidate: each has a hidden charm of its own that only buyers see. So the tasks are
    related, and not the same.

    Args:
        n: number of rows, in no order.
        seed: of everything that is drawn.

    Returns:
        The rows; ``chance`` is that of the click.

    Raises:
        ValueError: if a number is out of range.

    >>> rows = make_purchases(1000)
    >>> int((rows.label == 1).sum()), int((rows.bought == 1).sum())
    (501, 165)
    """
    rows = make_planted("quality", n, seed)
    rng = np.random.default_rng([seed, 15])
    charm = rng.normal(size=len(rows.items) + 1)
    mean = np.log(rows.chance / (1 - rows.chance)) / 2.2  # the mean quality behind the click
    odds = RARE + SLOPE * mean + charm[rows.candidate]
    buys = rng.random(n) < 1 / (1 + np.exp(-odds))
    return Purchases(
        rows.items, rows.history, rows.candidate, rows.label, rows.chance,
        relevant=rows.relevant, category=rows.category, quality=rows.quality, rule=rows.rule,
        bought=rows.label * buys,
    )  # fmt: skip
