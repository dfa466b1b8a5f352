"""What is in a log, in a dozen figures: look at these before any model is trained on it.

Three of them decide how the log may be used: how unevenly the items share the rows (a list of the
popular ones may be hard to beat), how often a user's rows tie in time, and how many users did
everything in one sitting. Where many did, the order of the rows is the order of a page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data._codes import count
from attnrec_lite.formulas.shelves import gini

if TYPE_CHECKING:
    from attnrec_lite.data.interactions import Interactions

DAY = 86_400  # seconds
_NONE = float("nan")
_BARS = 60  # at most, in the panel over time
Five = tuple[float, float, float, float, float]


@dataclass(frozen=True, eq=False)
class Description:
    """Figures of one log; ``str()`` says them in words, ``plot()`` draws them.

    A figure that nothing can be said about (no rows, no user with enough of them) is NaN.

    Attributes:
        rows: number of rows.
        users: number of users, those without a row included.
        items: number of items, those without a row included.
        density: share of all pairs of a user and an item that occur.
        repeats: share of the rows whose user had the same item in an earlier row.
        per_user: rows of a user: least, lower quartile, median, upper quartile, most.
        per_item: rows of an item, likewise.
        gini_items: Gini index of the rows of the items: 0 where all have as many, near 1 where few
            have nearly everything.
        tied_share: share of the rows that tie in time with another row of the same user.
        at_least: rows that a user needs to be counted in the next three figures.
        counted_users: number of users with as many.
        one_sitting: share of these whose rows all lie within 24 hours.
        span_days: median over these of the days from first to last row.
        gap_seconds: median time from one row to the next of the same user, over all users.
        span: first and last day, as text.
    """

    rows: int
    users: int
    items: int
    density: float
    repeats: float
    per_user: Five
    per_item: Five
    gini_items: float
    tied_share: float
    at_least: int
    counted_users: int
    one_sitting: float
    span_days: float
    gap_seconds: float
    span: tuple[str, str]
    log: Interactions = field(repr=False)

    def lines(self) -> list[tuple[str, str]]:
        """Return each figure as a name and a text, as ``str()`` prints them."""
        who = f"users with {self.at_least} rows or more"
        sitting = f"{_share(self.one_sitting)} did everything within 24 hours, median span"
        return [
            ("size", ", ".join(map(count, *zip(*self._sizes(), strict=True)))),
            ("time", f"{self.span[0]} to {self.span[1]}"),
            ("pairs", f"{_share(self.density, 3)} of all pairs of a user and an item occur"),
            ("repeats", f"{_share(self.repeats)} of the rows repeat an item of the same user"),
            ("rows of a user", _five(self.per_user)),
            ("rows of an item", _five(self.per_item)),
            ("Gini index of the items", f"{self.gini_items:.2f} (0: all alike, 1: one has all)"),
            ("ties in time", f"{_share(self.tied_share)} of the rows, with one of the same user"),
            ("sittings", f"of {self.counted_users:,} {who} {sitting} {self.span_days:.3g} days"),
            ("gap to the next row", f"{self.gap_seconds:,.0f} s (median)"),
        ]

    def __str__(self) -> str:
        """Say the figures, one a line."""
        lines = self.lines()
        width = max(len(name) for name, _ in lines)
        return "\n".join(f"{name:{width}}  {text}" for name, text in lines)

    def _repr_markdown_(self) -> str:
        rows = "\n".join(f"| {name} | {text} |" for name, text in self.lines())
        return f"| figure | value |\n|:--|:--|\n{rows}"

    def plot(self) -> NDArray[Any]:
        """Draw rows per user, rows per item and rows over time in one figure of three panels.

        Returns:
            The three axes, from top to bottom.

        Raises:
            ValueError: if the log has no rows.
        """
        if self.rows == 0:
            raise ValueError("log: expected at least one row to draw; received none")
        from matplotlib import pyplot as plt

        from attnrec_lite import plot

        with plt.rc_context(plot.STYLE):
            axes: NDArray[Any] = plt.subplots(3, figsize=(5.2, 6.2))[1]
            _draw_users(axes[0], np.diff(self.log.bounds()), plot.COLOURS[0])
            _draw_items(axes[1], _per_item(self.log), plot.COLOURS[1])
            _draw_time(axes[2], self.log.time, plot.COLOURS[2])
            for ax in axes:
                ax.grid(axis="y")
        return axes

    def _sizes(self) -> tuple[tuple[int, str], ...]:
        return (self.rows, "row"), (self.users, "user"), (self.items, "item")


def describe(log: Interactions, at_least: int = 5) -> Description:
    """Measure a log.

    Args:
        log: the table.
        at_least: rows that a user needs to be counted in ``one_sitting`` and ``span_days``: one
            row is in one sitting whatever the user did.

    Returns:
        The figures.

    Raises:
        ValueError: if ``at_least`` is below 1.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0, 0, 1], [7, 8, 7], [5, 5, 90_000])
    >>> facts = log.describe(at_least=2)
    >>> facts.per_user, round(facts.tied_share, 3), facts.one_sitting
    ((1.0, 1.25, 1.5, 1.75, 2.0), 0.667, 1.0)
    """
    at_least = whole("at_least", at_least)
    per_user, per_item = np.diff(log.bounds()), _per_item(log)
    pairs = len(np.unique(log.user.astype(np.int64) * (log.n_items + 1) + log.item))
    enough = np.flatnonzero(per_user >= at_least)
    first, stop = log.bounds()[:-1][enough], log.bounds()[1:][enough]
    seconds = log.time[stop - 1] - log.time[first]
    same_user = np.diff(log.user) == 0
    gap = np.diff(log.time)[same_user]
    tie = same_user & (np.diff(log.time) == 0)
    tied = np.append(tie, False) | np.append(False, tie) if len(log) else tie
    return Description(
        rows=len(log),
        users=log.n_users,
        items=log.n_items,
        density=_divide(pairs, log.n_users * log.n_items),
        repeats=_divide(len(log) - pairs, len(log)),
        per_user=_quartiles(per_user),
        per_item=_quartiles(per_item),
        gini_items=gini(per_item) if len(log) else _NONE,
        tied_share=_divide(int(tied.sum()), len(log)),
        at_least=at_least,
        counted_users=len(enough),
        one_sitting=_divide(int((seconds <= DAY).sum()), len(enough)),
        span_days=float(np.median(seconds)) / DAY if len(enough) else _NONE,
        gap_seconds=float(np.median(gap)) if len(gap) else _NONE,
        span=_days(log),
        log=log,
    )


def _per_item(log: Interactions) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.bincount(log.item, minlength=log.n_items + 1)[1:]
    return counts


def _divide(part: int, whole_number: int) -> float:
    return part / whole_number if whole_number else _NONE


def _quartiles(counts: NDArray[np.int64]) -> Five:
    if not counts.size:
        return (_NONE,) * 5
    least, lower, median, upper, most = np.percentile(counts, [0, 25, 50, 75, 100]).tolist()
    return least, lower, median, upper, most


def _days(log: Interactions) -> tuple[str, str]:
    if not len(log):
        return "no first day", "no last day"
    ends = np.array([log.time.min(), log.time.max()]).astype("datetime64[s]")
    first, last = ends.astype("datetime64[D]").astype(str).tolist()
    return first, last


def _share(number: float, decimals: int = 1) -> str:
    return "unknown share" if np.isnan(number) else f"{100 * number:.{decimals}f} %"


def _five(numbers: Five) -> str:
    least, lower, median, upper, most = (f"{number:,.10g}" for number in numbers)
    return f"{least} to {most}, median {median}, the middle half {lower} to {upper}"


def _draw_users(ax: Any, counts: NDArray[np.int64], colour: str) -> None:
    counts = counts[counts > 0]
    edges = np.unique(np.geomspace(1, counts.max() + 1, 16).round())
    ax.hist(counts, bins=edges, color=colour)
    ax.set(xscale="log", xlabel="rows of a user", ylabel="users")
    _plain(ax.xaxis)


def _draw_items(ax: Any, counts: NDArray[np.int64], colour: str) -> None:
    falling = np.sort(counts[counts > 0])[::-1]
    ax.plot(np.arange(1, len(falling) + 1), falling, color=colour, marker="." * (len(falling) == 1))
    ax.set(xscale="log", yscale="log", xlabel="items, the busiest first", ylabel="rows of the item")
    _plain(ax.xaxis)
    ax.set_ylim(bottom=0.8)
    _plain(ax.yaxis)


def _draw_time(ax: Any, time: NDArray[np.int64], colour: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    first, last = int(time.min()), int(time.max())
    bars = int(np.clip((last - first) // DAY, 1, _BARS))
    counts, edges = np.histogram(time, bins=bars, range=(first, max(last, first + DAY)))
    days = edges.astype(np.int64).astype("datetime64[s]")
    ax.fill_between(days, np.append(counts, counts[-1]), step="post", color=colour, linewidth=0)
    ax.set(xlabel="time", ylabel="rows", ylim=(0, None))
    locator = AutoDateLocator(maxticks=6)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def _plain(axis: Any) -> None:
    """Label powers of ten as 1, 10, 1,000 instead of with exponents."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axis.set_minor_formatter(NullFormatter())
