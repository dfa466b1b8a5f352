"""Items that are new: held out of training, so that only what is known about them can help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import inside
from attnrec_lite.data._codes import count
from attnrec_lite.data.split import Holdout, Split


def hide_items(split: Split, share: float = 0.2, seed: int = 0) -> Split:
    """Take every row of some items out of training, as if they came to the shop today.

    Their rows stay in the log: they are targets, and stand in the histories of the questions.

    Args:
        split: of a log.
        share: of the items that have a training row; they are drawn evenly, popular or not.
        seed: of the draw.

    Returns:
        The split with fewer training rows; see ``cold_and_warm`` for its two kinds of targets.

    Raises:
        ValueError: if ``share`` is not between 0 and 1, or nothing is hidden or left.

    >>> from attnrec_lite.data import leave_one_out, make_shop
    >>> split = hide_items(leave_one_out(make_shop(n_users=200).log), share=0.25)
    >>> len(np.unique(split.train.item)), [len(part) for part in cold_and_warm(split)]
    (180, [46, 154])
    """
    there = np.unique(split.train.item)
    number = round(inside("share", share) * len(there))
    if not 0 < number < len(there):
        raise ValueError(f"share: expected one that hides some of {len(there)}; received {share}")
    cold = np.random.default_rng(seed).choice(there, number, replace=False)
    train = split.train.select(~np.isin(split.train.item, cold))
    said = f"; {count(number, 'item')} of {len(there):,} hidden from training"
    return replace(split, train=train, protocol=split.protocol + said)


def cold_and_warm(split: Split, holdout: Holdout | None = None) -> tuple[Holdout, Holdout]:
    """Targets whose item no training row has, and the others.

    Args:
        split: whose training log decides.
        holdout: the targets; those of the test by default.

    Returns:
        Two holdouts, each of which says what it is; one may be empty.
    """
    asked = split.test if holdout is None else holdout
    warm = np.isin(asked.item, split.train.item)
    return _part(asked, ~warm, "cold items only"), _part(asked, warm, "warm items only")


def cold_items(split: Split) -> NDArray[np.int64]:
    """Codes of the items that no training row has."""
    codes = np.arange(1, split.train.n_items + 1)
    return codes[~np.isin(codes, split.train.item)]


def _part(holdout: Holdout, keep: NDArray[np.bool_], words: str) -> Holdout:
    rule = f"{holdout.rule}, {words}"
    return Holdout(holdout.log, holdout.row[keep], rule, holdout.known[keep])
