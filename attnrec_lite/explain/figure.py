"""The accounts of one explanation side by side, in the style of ``plot``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from attnrec_lite._checks import whole
from attnrec_lite.plot import COLOURS, INK, SIZE, _short

if TYPE_CHECKING:
    from attnrec_lite.explain.explanation import Explanation


def draw(explanation: Explanation, last: int = 12) -> list[Axes]:
    """Bars for each item of the history, one panel for each account that there is.

    Args:
        explanation: what to draw.
        last: how many of the newest items to show.

    Returns:
        The axes, from left to right. The item that is named is marked with a dot where the reason
        may be shown, with a ring where it may not.

    Raises:
        ValueError: if the history is empty.
    """
    shown = slice(0, whole("last", last))
    kinds = explanation.kinds[shown]
    if not len(kinds):
        raise ValueError("history: expected one item at least; received none")
    panels = {
        "fall of the margin without it": explanation.effects,
        "integrated gradients": explanation.gradients,
        "attention weight": explanation.weights,
    }
    there = {name: values[shown] for name, values in panels.items() if values is not None}
    size = (SIZE[0] * (0.6 + 0.2 * len(there)), 0.3 * len(kinds) + 1.2)
    figure, axes = plt.subplots(1, len(there), figsize=size, sharey=True, squeeze=False)
    places = np.arange(len(kinds))
    for ax, (name, values), colour in zip(axes[0], there.items(), COLOURS, strict=False):
        ax.barh(places, values, color=colour, height=0.7)
        ax.axvline(0, color=INK, linewidth=1)
        ax.set_xlabel(name)
        ax.locator_params(axis="x", nbins=4)
    mark = "  ●" if explanation.can_be_shown else "  ○"
    titles = [_short(str(title), 22) for title in explanation.items.title(kinds)]
    ours = (kinds == explanation.named).tolist()
    named = [title + mark * one for title, one in zip(titles, ours, strict=True)]
    axes[0, 0].set_yticks(places, named)
    axes[0, 0].invert_yaxis()
    figure.suptitle(explanation.sentence(), fontsize=10, color=INK)
    return list(axes[0])
