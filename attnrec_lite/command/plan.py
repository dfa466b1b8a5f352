"""How to train on a log, decided by its shape alone: nothing here looks at a held-out item.

Long histories (a film site) bear little dropout, short ones (a shop) need a lot, and both need less
where an event is seen a few times only. The more events there are, the fewer passes the time
allows: what a pass costs is known well enough (``seconds_per_epoch``) to plan them ahead, so that
the learning rate can fall to nothing at the end of the last one and the result does not depend on
how busy the machine is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from attnrec_lite._checks import positive, whole
from attnrec_lite.data.interactions import Interactions

# Measured on one core of a server with ``benchmarks/sequences.py``. Another machine changes how
# much of the budget is used, not what is learned.
RATE = 60e9  # operations a second in the matrix products of a step
TOKEN = 3e-6  # seconds for what a token costs besides: norms, activations, dropout
MOVED = 2.5e8  # parameters a second that Adam moves
LONG = 20  # median rows of a user from which histories are long
WINDOW = 50  # a second block sees twice as far; longer windows earned nothing on film logs
MANY = 1_000_000  # events from which another pass is worth more than better negatives
SLOTS = 3200  # of a step, at most
STEPS = 60  # fewest steps of an epoch, so that small logs get enough of them
MOST = 40  # passes over a log, however small
USED = 0.87  # share of the budget to plan with: the rest is validation and the first step


@dataclass(frozen=True)
class Plan:
    """Settings of a SASRec and of its training.

    Attributes:
        width: of item vectors.
        inner: hidden width of each block's small network.
        window: how far an item looks back.
        dropout: share dropped.
        loss: ``"sampled"`` or ``"full"``.
        negatives: drawn per step, where the loss is sampled.
        batch: packed rows per step.
        learning_rate: at its highest.
        epochs: passes over the log.
    """

    width: int
    inner: int
    window: int
    dropout: float
    loss: str
    negatives: int
    batch: int
    learning_rate: float
    epochs: int

    def of_model(self) -> dict[str, Any]:
        """What the constructor of ``SASRec`` takes."""
        training = ("batch", "learning_rate", "epochs")
        return {name: value for name, value in asdict(self).items() if name not in training}


def make_plan(train: Interactions, budget: float = 120.0, epochs: int | None = None) -> Plan:
    """Settings for a log.

    Args:
        train: the training rows.
        budget: seconds of one core that training may take, validation included.
        epochs: passes over the log; by default as many as fit, up to a limit.

    Returns:
        The plan.

    Raises:
        ValueError: if a number is out of range.

    >>> log = Interactions.from_columns([0, 0, 0, 1, 1], [1, 2, 3, 1, 2], range(5))
    >>> make_plan(log).window
    10
    """
    positive("budget", budget)
    rows = np.bincount(train.user, minlength=1)
    rows = rows[rows > 0]
    is_long = bool(len(rows)) and float(np.median(rows)) >= LONG
    window = int(np.clip(rows.max(initial=1), 10, WINDOW))
    tokens = max(1, len(train) - len(rows))
    width, inner, negatives = 64, 64, 256 if is_long or tokens > MANY else 512
    batch = int(np.clip(tokens // (STEPS * window), 4, SLOTS // window))
    cost = seconds_per_epoch(tokens, train.n_items, width, inner, window, negatives, batch)
    passes = int(np.clip(USED * budget / cost, 1, MOST)) if epochs is None else epochs
    return Plan(
        width=width,
        inner=inner,
        window=window,
        dropout=_dropout(is_long, whole("epochs", passes)),
        loss="sampled",
        negatives=negatives,
        batch=batch,
        learning_rate=3e-3,
        epochs=passes,
    )


def _dropout(is_long: bool, epochs: int) -> float:
    """What is seen a few times only can't be learned by heart."""
    if is_long:
        return 0.25 if epochs > 15 else 0.15
    return 0.5 if epochs > 15 else 0.3


def seconds_per_epoch(
    tokens: int,
    n_items: int,
    width: int,
    inner: int,
    window: int,
    competitors: int,
    batch: int,
    blocks: int = 2,
) -> float:
    """Seconds of one core for a pass over a log, from operations, tokens and parameters.

    Args:
        tokens: items that are read, each with a target.
        n_items: N.
        width: d, of item vectors.
        inner: hidden width of the blocks.
        window: slots of a packed row.
        competitors: items that a target competes with.
        batch: rows of a step.
        blocks: of attention.

    Returns:
        Seconds, to within a third on the machine that the constants were measured on.
    """
    work = operations(tokens, tokens, width, inner, window, competitors, blocks)
    steps = -(-tokens // (batch * window))
    moved = (n_items + 1) * (width + 1) + blocks * (4 * width**2 + 2 * width * inner)
    return work / RATE + tokens * TOKEN + steps * moved / MOVED


def operations(
    slots: int, targets: int, width: int, inner: int, window: int, competitors: int, blocks: int = 2
) -> float:
    """Operations in the matrix products of training: the cost model of a step, or of an epoch.

    A slot is multiplied by four matrices of attention and two of the small network, compared with
    a window of keys and mixed from as many values, in every block; a target with its competitors.
    Each product counts an addition and a multiplication, once forward and twice backward.

    Args:
        slots: of the rows, empty ones included: they cost as much.
        targets: that are trained.
        width: d, of item vectors.
        inner: hidden width of the blocks.
        window: slots of a row.
        competitors: items that a target competes with.
        blocks: of attention.

    Returns:
        The number of operations.

    >>> operations(1, 0, width=64, inner=64, window=50, competitors=0, blocks=1)
    185856.0
    """
    block = 4 * width**2 + 2 * width * inner + 2 * window * width
    return 6.0 * (slots * blocks * block + targets * competitors * width)
