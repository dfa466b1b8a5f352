"""Parts of a holdout: cases by how much is known of the user, targets by how popular they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout

PARTS = ("head", "middle", "tail")


def by_history(length: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Cut cases into quarters by the length of their history; none is left out, none twice.

    Args:
        length: rows of each history, shape ``(cases,)``.

    Yields:
        A name and which cases it holds, ``(cases,)``; those without a history apart. Equal lengths
        stay together, so there may be fewer than four quarters, of different size.

    >>> [(name, int(inside.sum())) for name, inside in by_history(np.array([0, 1, 1, 2, 9, 9]))]
    [('no history', 1), ('1 row', 2), ('2 rows', 1), ('9 rows', 2)]
    """
    if np.any(length == 0):
        yield "no history", length == 0
    some = length[length > 0]
    if len(some) == 0:
        return
    edges = np.unique(np.quantile(some, [0.25, 0.5, 0.75, 1], method="inverted_cdf"))
    for low, high in zip(np.concatenate([[0], edges[:-1]]), edges, strict=True):
        inside = (length > low) & (length <= high)
        least, most = length[inside].min(), length[inside].max()
        rows = f"{most:,}" if least == most else f"{least:,} to {most:,}"
        yield f"{rows} row{'' if most == 1 else 's'}", inside


def by_popularity(holdout: Holdout, train: Interactions) -> Iterator[tuple[str, Holdout]]:
    """Cut targets by how often the training log holds their item.

    The most popular items that hold a third of the training rows are the head, the next third the
    middle, the rest the tail; equally popular items stay together. An item that no training row
    has is unseen.

    Args:
        holdout: the targets.
        train: the log that models learn from.

    Yields:
        A name and the targets that it holds, as a holdout that says so; every target once.

    >>> log = Interactions.from_columns([0] * 7, [1, 1, 1, 2, 3, 2, 4], range(7))
    >>> parts = by_popularity(Holdout(log, np.array([3, 4, 6])), log.select(np.arange(6)))
    >>> [(name, part.item.tolist()) for name, part in parts]
    [('middle (1 item)', [2]), ('tail (1 item)', [3]), ('unseen (1 item)', [4])]
    """
    counts = np.bincount(train.item, minlength=train.n_items + 1)[1:]
    rising = np.sort(counts)
    rows_above = len(train) - np.concatenate([[0], np.cumsum(rising)])  # from each place on
    share = rows_above[np.searchsorted(rising, counts, side="right")] / max(1, len(train))
    part = np.where(counts > 0, np.minimum((3 * share).astype(int), 2), 3)
    for number, name in enumerate((*PARTS, "unseen")):
        inside = part[holdout.item - 1] == number
        if inside.any():
            items = np.count_nonzero(part == number)
            yield (
                f"{name} ({items:,} item{'' if items == 1 else 's'})",
                Holdout(
                    holdout.log, holdout.row[inside],
                    f"{holdout.rule}, items of the {name} only" if number < 3
                    else f"{holdout.rule}, items without a training row only",
                    holdout.known[inside],
                ),
            )  # fmt: skip
