"""A report as text and as a figure; both read nothing but its rows."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attnrec_lite.evaluation.significance import p_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attnrec_lite.evaluation._rows import Row
    from attnrec_lite.evaluation.reports import Report

Point = tuple[str, float, float, float]  # label, value, lower and upper end
Panel = tuple[str, str, float | None, dict[str, list[Point]]]  # title, x label, line, points
WIDTH = 4.8  # inches: narrower than other figures, so that its text stays large on a phone
FIRST = {"history": "history", "popularity": "target"}
TITLES = {"history": "By length of the history", "popularity": "By popularity of the target"}


def markdown(report: Report) -> str:
    """Write one table per section."""
    held = f"{report.level * 100:g} %"
    parts = [
        f"### {report.model} on the test cases",
        f"*{report.protocol}; brackets hold {held} intervals over the cases; the split: "
        f"{report.split}*",
    ]
    if report.leaks:
        parts.append(f"What the split lets through:\n\n{report.leaks}")
    parts.append(_models(report))
    rows = report.section("difference")
    if rows:
        cells = [
            [row.model, _cell(row, "+.4f"), p_text(row.p).removeprefix("p = ").removeprefix("p ")]
            for row in rows
        ]
        parts.append(
            f"**{report.model} minus each baseline, {report.metric}**; p of a paired test, "
            f"corrected by Holm for {len(rows)}"
        )
        parts.append(_table(["baseline", "difference", "p"], cells, str(report.protocol)))
    for section, title in TITLES.items():
        parts.append(f"**{title}, {report.metric}**")
        parts.append(_parts(report, section))
    return "\n\n".join(parts)


def draw(report: Report) -> tuple[Axes, ...]:
    """Draw one panel per section, one above the other."""
    from matplotlib import pyplot as plt

    from attnrec_lite import plot

    panels = list(_panels(report))
    heights = [1.1 + 0.38 * max(map(len, series.values())) for _, _, _, series in panels]
    size = (WIDTH, sum(heights) + 0.6)
    with plt.rc_context(plot.STYLE):
        figure, axes = plt.subplots(len(panels), figsize=size, height_ratios=heights, squeeze=False)
        for ax, (title, xlabel, reference, series) in zip(axes[:, 0], panels, strict=True):
            several = len(series) > 1
            rows = series if several else next(iter(series.values()))
            plot.intervals(rows, xlabel, reference, ax)
            ax.set_title(title, loc="left", pad=24 if several else 6)
            if several:  # above the panel: inside, it would hide whiskers
                ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        words = f"{report.protocol}; whiskers: {report.level * 100:g} % intervals"
        figure.supxlabel("\n".join(textwrap.wrap(words, 62)), fontsize=9, x=0.02, ha="left")
    return tuple(axes[:, 0])


def _panels(report: Report) -> Iterator[Panel]:
    """What each panel shows; a section without a row has none."""
    overall = [row for row in report.section("overall") if row.metric == report.metric]
    yield "All cases", report.metric, None, {"": [_point(row.model, row) for row in overall]}
    gaps = [_point(row.model, row) for row in report.section("difference")]
    if gaps:
        title = f"{report.model} minus each baseline"
        yield title, f"difference in {report.metric}", 0.0, {"": gaps}
    for section, title in TITLES.items():
        series: dict[str, list[Point]] = {}
        for row in report.section(section):
            series.setdefault(row.model, []).append(_point(f"{row.group}\nn = {row.n:,}", row))
        yield title, report.metric, None, series


def _models(report: Report) -> str:
    """The table of all models: one line each, one column per metric."""
    rows = report.section("overall")
    metrics = list(dict.fromkeys(row.metric for row in rows))
    lines: dict[str, list[str]] = {}
    for row in rows:
        spec = ".2f" if row.metric.startswith("seconds") else ".4f"
        lines.setdefault(row.model, []).append(_cell(row, spec))
    cells = [[name, *line] for name, line in lines.items()]
    return _table(["model", *metrics], cells, str(report.protocol))


def _parts(report: Report, section: str) -> str:
    """The table of a section: one line per part, one column per model."""
    rows = report.section(section)
    models = list(dict.fromkeys(row.model for row in rows))
    lines: dict[str, list[str]] = {}
    for row in rows:
        lines.setdefault(row.group, [row.group, f"{row.n:,}"]).append(_cell(row, ".4f"))
    words = f"parts of: {report.protocol}"
    return _table([FIRST[section], "cases", *models], list(lines.values()), words)


def _table(head: Sequence[str], cells: Sequence[Sequence[str]], protocol: str) -> str:
    bars = str.maketrans({"|": "\\|"})  # a bar in a name is no edge of the table
    lines = ["| " + " | ".join(c.translate(bars) for c in line) + " |" for line in (head, *cells)]
    rule = "|---" + "|--:" * (len(head) - 1) + "|"
    return "\n".join([lines[0], rule, *lines[1:], "", f"*{protocol}*"])


def _cell(row: Row, spec: str) -> str:
    if math.isnan(row.value):
        return "–"
    if math.isnan(row.low):
        return f"{row.value:{spec}}"
    return f"{row.value:{spec}} [{row.low:{spec}}, {row.high:{spec}}]"


def _point(label: str, row: Row) -> Point:
    return label, row.value, row.low, row.high
