"""Figures in one style: readable on white and on black, in print, and by colour-blind readers.

Text and axes are drawn in a mid-tone ink on nothing, so the page shows through; colours are
seaborn's colour-blind palette; words and positions say whatever colour says. Every function
returns the axes, so that a figure can be finished where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import seaborn as sns
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_floats, whole
from attnrec_lite.explain import AttentionRecord

INK = "#7b818a"  # about 4:1 against white and against the site's dark ground
COLOURS: list[str] = [str(c) for c in sns.color_palette("colorblind").as_hex()]
SIZE = (6.4, 3.4)  # inches; a phone shows it at half size and it can still be read
HEAT = LinearSegmentedColormap.from_list("attention", ["#dbe9f4", "#084a7a"])  # on any ground
ON_HEAT = ("#051a28", "white")  # text on its lighter and its darker shades

MARKS = "osD^vP"  # a colour never says alone which is which
Row = tuple[str, float, float, float]  # label, value, lower and upper end

STYLE: dict[str, Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "figure.figsize": SIZE,
    "font.size": 11,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 2,
    "savefig.facecolor": "none",
    "svg.hashsalt": "attnrec",  # the same figure gives the same file
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def use_style() -> None:
    """Draw every later figure in the book's style; in a notebook, as SVG.

    This changes matplotlib's settings for the process, which is why it has to be asked for.

    >>> use_style(); plt.rcParams["axes.facecolor"]
    'none'
    """
    plt.rcParams.update(STYLE)
    try:
        from IPython.core.getipython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # no notebook, nothing to set
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg")


def heat_map(
    weights: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    ax: Axes | None = None,
    decimals: int = 2,
) -> Axes:
    """Weights as a table of shades, each cell with its number.

    Args:
        weights: shape ``(rows, columns)``, in [0, 1]; one scale for every heat map of the book.
        rows: a name per row: who asks.
        columns: a name per column: who is looked at.
        ax: where to draw; a new figure if None.
        decimals: digits after the point.

    Returns:
        The axes.

    Raises:
        ValueError: if the names do not fit the shape, or something is not a weight.
    """
    w = as_floats("weights", weights, 2)
    if w.shape != (len(rows), len(columns)):
        raise ValueError(f"weights: expected shape {(len(rows), len(columns))}; received {w.shape}")
    if not np.all((w >= 0) & (w <= 1)):
        raise ValueError("weights: expected numbers in [0, 1]; are these scores?")
    ax = _axes(ax, (max(3.0, 0.95 * len(columns) + 1.6), 0.5 * len(rows) + 1.0))
    sns.heatmap(
        w, vmin=0, vmax=1, cmap=HEAT, annot=True, fmt=f".{decimals}f", cbar=False, ax=ax,
        linewidths=1, linecolor="none", xticklabels=list(columns), yticklabels=list(rows),
        annot_kws={"color": INK},
    )  # fmt: skip
    for text, value in zip(ax.texts, w.flat, strict=True):
        text.set_color(ON_HEAT[int(value > 0.65)])
    ax.tick_params(length=0)
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    return ax


def weight_strip(
    record: AttentionRecord,
    user: int = 0,
    last: int | None = 12,
    relevant: ArrayLike | None = None,
    ax: Axes | None = None,
    **axes: int,
) -> Axes:
    """What one user's attention looked at, as bars, the newest item on top.

    Args:
        record: attention of a model.
        user: the row of the record.
        last: how many of the newest items to show; None for all.
        relevant: boolean over the keys: what really mattered, where a generated world tells it;
            these are marked with a dot and another colour.
        ax: where to draw; a new figure if None.
        axes: a number for each further axis of the record that is longer than 1, such as head=0.

    Returns:
        The axes.

    Raises:
        ValueError: as ``AttentionRecord.select``; if ``relevant`` does not fit; if the user has
            looked at nothing.
    """
    weights, keys = record.select(user, **axes), record.keys[user]
    shown = np.flatnonzero(keys > 0)[::-1][: None if last is None else whole("last", last)]
    if len(shown) == 0:
        raise ValueError(f"user: expected one with a history; user {user} has none")
    truth = np.zeros(len(keys), bool) if relevant is None else np.asarray(relevant, bool)
    if truth.shape != keys.shape:
        raise ValueError(f"relevant: expected shape {keys.shape}; received {truth.shape}")
    ax = _axes(ax, (SIZE[0], 0.3 * len(shown) + 0.9))
    colours = [COLOURS[1] if truth[i] else COLOURS[0] for i in shown]
    ax.barh(np.arange(len(shown)), weights[shown], color=colours, height=0.7)
    marks = ["  ●" if truth[i] else "" for i in shown]
    titles = record.items.title(keys[shown])
    ax.set_yticks(
        np.arange(len(shown)),
        [_short(str(t)) + mark for t, mark in zip(titles, marks, strict=True)],
    )
    ax.invert_yaxis()
    ax.set(xlabel="attention weight", xlim=(0, max(0.05, float(weights[shown].max()) * 1.08)))
    return ax


def learning_curve(losses: Mapping[str, Sequence[Sequence[float]]], ax: Axes | None = None) -> Axes:
    """Loss after each epoch: the mean over seeds, with every seed as a thin line.

    Args:
        losses: name of a model to one list of losses per seed, all of one length.
        ax: where to draw; a new figure if None.

    Returns:
        The axes.

    Raises:
        ValueError: if there is nothing to draw or the seeds differ in length.
    """
    if not losses:
        raise ValueError("losses: expected at least one model; received none")
    ax = _axes(ax, SIZE)
    for number, (name, runs) in enumerate(losses.items()):
        table = as_floats(f"losses[{name!r}]", runs, 2)
        epoch = np.arange(1, table.shape[1] + 1)
        colour = COLOURS[number % len(COLOURS)]
        ax.plot(epoch, table.T, color=colour, linewidth=0.8, alpha=0.5)
        ax.plot(epoch, table.mean(axis=0), color=colour, marker="o", label=name)
    ax.set(xlabel="epoch", ylabel="training loss (nats)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y")
    ax.legend()
    return ax


def intervals(
    rows: Sequence[Row] | Mapping[str, Sequence[Row]],
    xlabel: str = "",
    reference: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Estimates as dots with their intervals as whiskers, the first row on top.

    Args:
        rows: ``(label, value, low, high)`` each; or several such lists by name, drawn side by side
            in the rows of the same label, each with a colour and a mark of its own. An interval of
            NaN is left out, and so is a value of NaN.
        xlabel: what is estimated, with its unit.
        reference: where to draw a line to compare with, such as 0 for a difference.
        ax: where to draw; a new figure if None.

    Returns:
        The axes; there is a legend if the lists have names.

    Raises:
        ValueError: if there is no row, a label is twice in a list, or an interval is turned round.
    """
    named = rows if isinstance(rows, Mapping) else {"": rows}
    labels = list(dict.fromkeys(row[0] for group in named.values() for row in group))
    if not labels:
        raise ValueError("rows: expected at least one; received none")
    ax = _axes(ax, (SIZE[0], (0.25 + 0.2 * len(named)) * len(labels) + 1.0))
    if reference is not None:
        ax.axvline(reference, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    for number, (name, group) in enumerate(named.items()):
        numbers = as_floats("rows", [row[1:] for row in group], 2)
        if numbers.shape[1] != 3 or len({row[0] for row in group}) < len(group):
            raise ValueError(f"rows: expected (label, value, low, high), no label twice: {group!r}")
        value, low, high = numbers.T
        if np.any(low > high):
            raise ValueError(f"rows: expected low <= high; received {group!r}")
        place = np.array([labels.index(row[0]) for row in group], float)
        place += 0.24 * (number - (len(named) - 1) / 2)
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        ax.hlines(place, low, high, color=colour)
        ax.plot(value, place, mark, color=colour, label=name, markersize=7)
    ax.set_yticks(np.arange(len(labels)), labels)
    ax.set(xlabel=xlabel, ylim=(len(labels) - 0.5, -0.5))
    ax.grid(axis="x")
    if named is rows:
        ax.legend()
    return ax


def batch_picture(owners: Mapping[str, ArrayLike]) -> list[Axes]:
    """What batches hold, slot by slot: one colour and number per user, hatching where nothing is.

    Args:
        owners: name of a way to make a batch to whose item stands in each slot, integers of shape
            ``(rows, length)``, 0 where it is empty; see ``data.slot_owners``. All have one length.

    Returns:
        The axes, one below the other; each says how full its batch is.

    Raises:
        ValueError: if there is nothing to draw, or a batch has another shape.
    """
    batches = {name: np.asarray(batch) for name, batch in owners.items()}
    if not batches:
        raise ValueError("owners: expected at least one batch; received none")
    length = next(iter(batches.values())).shape[-1:]
    for name, batch in batches.items():
        if batch.ndim != 2 or not batch.size or batch.shape[1:] != length:
            raise ValueError(
                f"owners[{name!r}]: expected shape (rows, length), with rows and the length of "
                f"the others; received {batch.shape}"
            )
    heights = [len(batch) for batch in batches.values()]
    size = (SIZE[0], 0.24 * sum(heights) + 0.5 * len(heights))
    axes = plt.subplots(len(batches), figsize=size, height_ratios=heights, squeeze=False)[1][:, 0]
    for ax, (name, batch) in zip(axes, batches.items(), strict=True):
        _draw_slots(ax, batch)
        ax.set_title(f"{name}: {len(batch)} rows, {np.mean(batch > 0):.0%} full", loc="left")
    return list(axes)


def _draw_slots(ax: Axes, batch: NDArray[np.integer]) -> None:
    """Draw each run of one user as a bar with the user's number, over a hatched ground."""
    rows, length = batch.shape
    ground = plt.Rectangle((0, -0.5), length, rows, hatch="////", fill=False, linewidth=0)
    ground.set(edgecolor=INK, alpha=0.35, zorder=0)
    ax.add_patch(ground)
    for row, users in enumerate(batch):
        starts = np.flatnonzero(np.diff(users, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], length], strict=True):
            if (user := int(users[start])) > 0:
                colour = COLOURS[(user - 1) % len(COLOURS)]
                ax.barh(row, stop - start - 0.1, left=start + 0.05, height=0.84, color=colour)
                light = np.dot([0.21, 0.72, 0.07], np.power(to_rgb(colour), 2.2))
                text = ax.text((start + stop) / 2, row, str(user), ha="center", va="center")
                text.set(color=ON_HEAT[int(light < 0.18)], fontsize=10)
    ax.set(xlim=(0, length), ylim=(rows - 0.5, -0.5), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    return plt.subplots(figsize=size)[1] if ax is None else ax


def _short(title: str, most: int = 34) -> str:
    return title if len(title) <= most else title[: most - 1].rstrip() + "…"
