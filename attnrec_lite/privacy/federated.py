"""Federated averaging: the data stay where they are, the table of items goes round.

A client (a device, a shop, a hospital) has some users. Each round it takes steps of its own from
the shared table and sends how far it came; the server averages, with the number of users as weight.
That moves the data nowhere and hides them nowhere: ``evidence`` reads a history off one update.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, positive, same_width, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.formulas.federated import federated_mean, rank_one_parts
from attnrec_lite.models._binary import log_matrix
from attnrec_lite.privacy.factors import LocalFactors

CLIENT = "client: expected one code from 0 for each of {n} users, -1 for users who take no part"


@dataclass(frozen=True)
class FederatedRun:
    """What a training saw.

    Attributes:
        losses: mean loss over all users who take part, before the first round and after each.
        sizes: users of each client.
        sent: numbers that went to the server, all rounds together.
    """

    losses: tuple[float, ...]
    sizes: tuple[int, ...]
    sent: int


def federated_averaging(
    model: LocalFactors,
    log: Interactions,
    client: ArrayLike,
    rounds: int = 50,
    local_steps: int = 1,
    learning_rate: float = 2.0,
    weighted: bool = True,
) -> FederatedRun:
    """Train a table where the users are.

    Args:
        model: starts from the table it has, and keeps the new one.
        log: all users; only their clients look at their rows.
        client: code of each user's client, shape ``(n_users,)``; -1 for users who take no part. A
            code between that nobody has is a client without data: it sends nothing.
        rounds: times that the table goes round.
        local_steps: steps of gradient descent that each client takes in a round. With one, the
            round is a step on all data at once, whoever has them; with many, a client runs towards
            its own best table.
        learning_rate: of a local step on the mean loss of the client's users.
        weighted: weigh clients by their users; else every client alike, which serves the users of
            small clients first.

    Returns:
        Losses, sizes and what was sent.

    Raises:
        ValueError: if the catalogue or the codes do not fit, nobody takes part or a number is out
            of range.
        FloatingPointError: if the table stops being finite.

    Source: McMahan et al. (2017). All clients take part in all rounds here.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> run = federated_averaging(LocalFactors(log.items, width=2), log, [0, 0, 2], rounds=5)
    >>> run.sizes, run.sent, run.losses[-1] < run.losses[0]
    ((2, 0, 1), 100, True)
    """
    model._check_log(log)
    code = _codes(client, log.n_users)
    steps, rate = whole("local_steps", local_steps), positive("learning_rate", learning_rate)
    met = log_matrix(log)
    parts = [met[code == k].toarray() for k in range(int(code.max()) + 1)]
    sizes = [len(part) for part in parts]
    weights = np.array(sizes, float) if weighted else (np.array(sizes) > 0).astype(float)
    losses = [_mean_loss(model, parts)]
    for _ in range(whole("rounds", rounds)):
        start, updates = model.table, []
        for part in parts:
            updates.append(local_update(model, part, steps, rate))
            model.table = start
        model.table = start + federated_mean(updates, weights)
        losses.append(_mean_loss(model, parts))
        if not np.isfinite(losses[-1]):
            raise FloatingPointError("learning_rate: the table is not finite; try a smaller one")
    here = sum(size > 0 for size in sizes)
    return FederatedRun(tuple(losses), tuple(sizes), rounds * here * model.table.size)


def local_update(model: LocalFactors, met: ArrayLike, steps: int, learning_rate: float) -> Floats:
    """How far a client comes from the shared table; the model's table is moved along.

    Args:
        model: with the table that the server sent.
        met: 0 and 1 for the client's users and items, ``(users, N + 1)``; with no user the update
            is 0.
        steps: of gradient descent.
        learning_rate: on the mean loss of these users.

    Returns:
        The update, of the table's shape: what the client sends.
    """
    x, start = finite("met", met, 2, least=0), model.table
    for _ in range(steps if len(x) else 0):
        residual, users = model.gradients(x)
        model.table = model.table - learning_rate * (residual.T @ users) / len(x)
    return np.asarray(model.table - start)


def evidence(update: ArrayLike, table: ArrayLike) -> Floats:
    r"""How surely each item was in the history behind one update: equation (18.18).

    The update of one user is $r u^\top$; for items that were *not* taken $r_i = c_0 q_i^\top u$, so
    the ratio of $r_i$ to $q_i^\top u$ is one number for nearly the whole catalogue, and the server,
    who knows the table, sees which items fall out of the line.

    Args:
        update: what the client sent, of any scale and sign, ``(N + 1, d)``.
        table: what the server had sent, ``(N + 1, d)``.

    Returns:
        Distance of each item from the line, ``(N + 1,)``, 0 for padding. From one user's single
        step without noise it is above 0 for the history and for nothing else.

    Raises:
        ValueError: if the shapes differ or a number is not finite.

    >>> from attnrec_lite.data.vocabulary import Vocabulary
    >>> model = LocalFactors(Vocabulary(np.arange(1, 10)), width=3)
    >>> met = np.zeros((1, 10))
    >>> met[0, [2, 3, 7]] = 1
    >>> (evidence(local_update(model, met, 1, 1.0), model.first_table()) > 1e-9).nonzero()[0]
    array([2, 3, 7])
    """
    sent, known = finite("update", update, 2), finite("table", table, 2)
    same_width("update", sent, "table", known)
    if len(sent) != len(known):
        raise ValueError(f"table: expected {len(sent)} rows, as update; received {len(known)}")
    residual, user = rank_one_parts(sent)
    score = known @ user
    real = np.abs(score) > 1e-12
    if not real.any():
        return np.abs(residual)
    line = float(np.median(residual[real] / score[real]))
    return np.asarray(np.abs(residual - line * score))


def _codes(client: ArrayLike, n_users: int) -> NDArray[np.int64]:
    code = np.asarray(client)
    if code.shape != (n_users,) or code.dtype.kind not in "iu" or code.min(initial=0) < -1:
        received = f"{code.dtype} {code.shape}"
        raise ValueError(f"{CLIENT.format(n=n_users)}; received {received}")
    if not (code >= 0).any():
        raise ValueError("client: expected somebody who takes part; received -1 for all")
    return code.astype(np.int64)


def _mean_loss(model: LocalFactors, parts: list[Floats]) -> float:
    return float(np.concatenate([model.losses(part) for part in parts if len(part)]).mean())
