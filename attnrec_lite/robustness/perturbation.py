"""Item vectors that somebody shifts: at random, or where it hurts most; and training against it.

A shift is a length for each item vector. Whoever multiplies all vectors by two halves what a given
length does, and changes no list: so compare at a length *relative* to the vectors, too.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, finite, one_of, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.evaluation.ranking import places, ranking_metrics
from attnrec_lite.formulas.robustness import worst_step
from attnrec_lite.models._pairs import Pairs, Singles
from attnrec_lite.models.factors import BPR

EXTRAS = ("adversary", "noise", "copy")
PASSES = 5  # over the log, to average the slope of the adversary


class APR(BPR):
    r"""Adversarial personalised ranking: BPR that also learns from vectors shifted against it.

    To the loss of each pair comes $\lambda$ times the loss of the same pair with each of its three
    vectors shifted by $\epsilon$ in the direction of its slope. Two controls tell what the
    *direction* earns: ``"noise"`` shifts by the same length at random, ``"copy"`` does not shift
    and so counts the pair $1 + \lambda$ times.

    Args:
        items: the vocabulary.
        width: as for ``BPR``, like ``penalty``, ``negatives`` and ``seed``.
        radius: $\epsilon$, length of the shift of each vector; biases are not shifted.
        weight: $\lambda$, of the shifted pair.
        extra: ``"adversary"``, ``"noise"`` or ``"copy"``.
        warm: epochs of plain BPR before that.

    Raises:
        ValueError: if a number is out of range or ``extra`` another word.

    Source: He, He, Du and Chua, "Adversarial Personalized Ranking for Recommendation", SIGIR 2018;
    they go on from a trained BPR, and compare with no control.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> APR(log.items, width=4, radius=0.1).fit(log).recommend([[1], [3]], k=1)[0].tolist()
    [[2], [4]]
    """

    name = "apr"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        penalty: float = 0.01,
        negatives: int = 512,
        seed: int = 0,
        radius: float = 0.5,
        weight: float = 1.0,
        extra: str = "adversary",
        warm: int = 0,
    ) -> None:
        super().__init__(items, width, penalty, negatives, seed)
        self.radius, self.weight = positive("radius", radius), positive("weight", weight)
        self.extra, self.warm = one_of("extra", extra, EXTRAS), whole("warm", warm, least=0)
        self._rng = np.random.default_rng([seed, 3])

    def fit(
        self, log: Interactions, epochs: int = 40, batch: int = 1024, learning_rate: float = 0.05
    ) -> Self:
        """Learn from the start; ``losses`` are those of the pairs that nobody shifted."""
        self._rng = np.random.default_rng([self.seed, 3])
        self.losses = []
        return super().fit(log, epochs, batch, learning_rate)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = ("radius", "weight", "extra", "warm")
        return {**super().config(), **{name: getattr(self, name) for name in own}}

    def _slopes(
        self, user: Singles, taken: Singles, other: Singles
    ) -> tuple[float, Singles, Singles]:
        """As for BPR, and the slopes of the shifted pairs."""
        loss, of_users, of_items = super()._slopes(user, taken, other)
        if len(self.losses) < self.warm:
            return loss, of_users, of_items
        shifts = self._shifts(user, taken, other)
        u, i, j = (v + s for v, s in zip((user, taken, other), shifts, strict=True))
        wrong = self.weight * _wrong(u, i, j)
        towards = -wrong * (i - j)
        towards[:, -1] = 0  # the users' last column is the 1 that the bias is multiplied with
        more = np.concatenate([-wrong * u, wrong * u])
        return loss, of_users + towards, of_items + more

    def _shifts(self, user: Singles, taken: Singles, other: Singles) -> list[Singles]:
        """A shift of each vector of each pair, none of the last column."""
        if self.extra == "copy":
            return [np.zeros_like(user)] * 3
        apart = (taken - other)[:, :-1]
        rising = [-apart, -user[:, :-1], user[:, :-1]]  # slopes of the loss, but for their length
        if self.extra == "noise":
            rising = [self._rng.normal(size=v.shape) for v in rising]
        steps = [worst_step(v, self.radius) for v in rising]
        return [np.column_stack([s, np.zeros(len(s))]).astype(np.float32) for s in steps]


def shifted_items(
    model: BPR, log: Interactions, radius: float, kind: str, seed: int = 0, relative: bool = False
) -> NDArray[np.float32]:
    """The item vectors of a model, each shifted by one length.

    Args:
        model: fitted on ``log`` in this process: its users are needed, and they are not saved.
        log: what the adversary knows: the training log, not the targets.
        radius: length of each shift, above 0.
        kind: ``"random"``, any direction alike; ``"adversary"``, the direction in which the loss of
            the log rises fastest (an item without a slope stays).
        seed: of the draws.
        relative: take the length as a share of the mean length of the item vectors.

    Returns:
        A new table, ``(N + 1, width)``; row 0, padding, is not shifted.

    Raises:
        ValueError: if the model has no users, the log is another one, or a word or number is
            unknown.

    >>> log = Interactions.from_columns([0, 0, 1, 1], [1, 2, 2, 3], range(4))
    >>> model = BPR(log.items, width=4).fit(log)
    >>> moved = shifted_items(model, log, 0.5, "random") - model.table
    >>> np.linalg.norm(moved, axis=1).round(3)
    array([0. , 0.5, 0.5, 0.5], dtype=float32)
    """
    model._check_log(log)
    if len(model.users) != log.n_users or not len(model.users):
        raise ValueError(
            f"model: expected one fitted on this log, with {log.n_users} users; "
            f"received {len(model.users)}"
        )
    one_of("kind", kind, ("random", "adversary"))
    rng = np.random.default_rng([seed, 4])
    size = positive("radius", radius)
    if relative:
        size *= float(np.linalg.norm(model.table[1:], axis=1).mean())
    slope = rng.normal(size=model.table.shape) if kind == "random" else _slope(model, log, rng)
    slope[0] = 0
    return np.asarray(model.table + worst_step(slope, size), np.float32)


def shifted_ranking(
    model: BPR, table: NDArray[np.float32], holdout: Holdout, k: int = 10
) -> dict[str, Floats]:
    """How a model ranks with other item vectors, its users and biases as they were.

    The users are those that training left, as in the literature: what they did since is not in
    them. ``evaluate`` finds each user's vector anew, from all of the history.

    Args:
        model: fitted on the log of the holdout.
        table: item vectors, ``(N + 1, width)``.
        holdout: one target for each user, such as ``leave_one_out`` gives.
        k: length of the list.

    Returns:
        ``hr``, ``ndcg`` and ``mrr`` of each target, history removed.

    Raises:
        ValueError: if the table has another shape, or a user is unknown.
    """
    moved = finite("table", table, 2)
    if moved.shape != model.table.shape:
        raise ValueError(f"table: expected {model.table.shape}; received {moved.shape}")
    if len(holdout) == 0 or holdout.user.max() >= len(model.users):
        raise ValueError("holdout: expected targets of users that the model was fitted on")
    scores = model.users[holdout.user] @ moved.astype(np.float32).T + model.bias
    beaten, tied = places(scores, holdout.item, holdout.history())
    return ranking_metrics(beaten, tied, k)


def _slope(model: BPR, log: Interactions, rng: np.random.Generator) -> Floats:
    """Slope of the loss of the log for each item vector, ``(N + 1, width)``."""
    total, pairs = np.zeros(model.table.shape), Pairs(log)
    ones = np.ones((log.n_users, 1), np.float32)
    users = np.hstack([model.users, ones])
    goods = np.column_stack([model.table, model.bias])
    for _ in range(PASSES):
        for user, taken, other in pairs.batches(8192, rng):
            pull = _wrong(users[user], goods[taken], goods[other]) * model.users[user]
            np.add.at(total, taken, -pull)
            np.add.at(total, other, pull)
    return total


def _wrong(user: Singles, taken: Singles, other: Singles) -> Singles:
    """Chance that the pair stands in the wrong order, ``(b, 1)``."""
    margin = np.einsum("bd,bd->b", user, taken - other)
    return np.asarray(0.5 - 0.5 * np.tanh(0.5 * margin))[:, None]
