"""How far a reader has come, as a table and as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from attnrec_lite.exercises.core import Exercise
from attnrec_lite.exercises.record import RIGHT, VARIABLE, Record, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STATES = {"right": ("full", "right"), "tried": ("left", "tried"), "open": ("none", "open")}


@dataclass(frozen=True)
class Progress:
    """What was tried and what is solved.

    Attributes:
        exercises: all of the book, in its order.
        chapters: number of each chapter to its name, words joined by ``_``.
        record: what the reader's file holds.
    """

    exercises: Sequence[Exercise]
    chapters: Mapping[str, str]
    record: Record

    def state(self, number: str) -> str:
        """Return ``"right"``, ``"tried"`` or ``"open"`` for an exercise."""
        entry = self.record.entries.get(number)
        return "open" if entry is None else "right" if entry[RIGHT] else "tried"

    def counts(self) -> list[tuple[str, int, int, int]]:
        """Return a row per chapter: its name, exercises right, tried and in all."""
        rows = []
        for chapter, name in self.chapters.items():
            states = [self.state(e.number) for e in self._of(chapter)]
            tried = len(states) - states.count("open")
            rows.append((self._name(chapter, name), states.count("right"), tried, len(states)))
        return rows

    def next(self) -> str:
        """Return the first exercise of the book that is not yet right, with its level."""
        left = [e for e in self.exercises if self.state(e.number) != "right"]
        return f"{left[0].number} {left[0].title} {'★' * left[0].level}" if left else "none is left"

    def __repr__(self) -> str:
        """The counts as a plain table."""
        rows = self.counts()
        width = max(len(row[0]) for row in rows)
        lines = [self._caption(), f"{'Chapter':{width}}  right  tried  of"]
        lines += [f"{name:{width}}  {r:5}  {t:5}  {n:2}" for name, r, t, n in rows]
        return "\n".join([*lines, f"Next: {self.next()}"])

    def _repr_html_(self) -> str:
        """The counts as a table with a caption and named rows and columns."""
        head = "".join(f'<th scope="col">{n}</th>' for n in ("Chapter", "right", "tried", "of"))
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td>{number}</td>" for number in numbers)
            + "</tr>"
            for name, *numbers in self.counts()
        )
        caption = f"<caption>{escape(self._caption())}. Next: {escape(self.next())}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every exercise as a circle: full if right, half if tried, empty if open.

        Args:
            ax: where to draw; a new figure in the style of the book if None.

        Returns:
            The axes.
        """
        from matplotlib import pyplot as plt  # only where it is asked for: it takes a second

        from attnrec_lite.plot import COLOURS, INK, STYLE

        with plt.rc_context(STYLE):
            ax = plt.subplots(figsize=(6.4, 6.8))[1] if ax is None else ax
            places = {
                e.number: (column, row)
                for row, chapter in enumerate(self.chapters)
                for column, e in enumerate(self._of(chapter), 1)
            }
            for state, (fill, label) in STATES.items():
                numbers = [number for number in places if self.state(number) == state]
                x, y = zip(*(places[n] for n in numbers), strict=True) if numbers else ((), ())
                ax.plot(
                    x, y, "o", fillstyle=fill, label=f"{label} ({len(numbers)})", markersize=11,
                    color=COLOURS[0], markerfacecoloralt="none", markeredgecolor=INK,
                    markeredgewidth=1,
                )  # fmt: skip
            names = [self._name(chapter, name) for chapter, name in self.chapters.items()]
            ax.set_yticks(range(len(names)), names)
            ax.set(xlabel="exercise of the chapter", ylim=(len(names) - 0.4, -0.6))
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
            ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        return ax

    def _of(self, chapter: str) -> list[Exercise]:
        return [e for e in self.exercises if e.number.split(".")[0] == chapter]

    def _caption(self) -> str:
        states = [self.state(e.number) for e in self.exercises]
        tried = len(states) - states.count("open")
        place = f"kept in {shown()}" if shown() else f"not kept: {VARIABLE} is empty"
        where = self.record.note or place
        return f"{states.count('right')} of {len(states)} exercises right, {tried} tried; {where}"

    @staticmethod
    def _name(number: str, name: str) -> str:
        return f"{number} {name.replace('_', ' ').capitalize()}"
