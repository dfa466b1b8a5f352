"""Ask one answer for its reason, and judge the reason before anybody sees it.

The unit is a distinct item of the history: all places where it stands go together. One of several
accounts names the reason; whether it may be shown is decided by deletion, whoever named it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, inside, one_of, whole
from attnrec_lite.explain.effects import Kept
from attnrec_lite.explain.explanation import NONE, Explanation, Reliability
from attnrec_lite.explain.record import AttentionRecord
from attnrec_lite.formulas import (
    comprehensiveness,
    left_out_effects,
    order_against_chance,
    rank_agreement,
    sufficiency,
)
from attnrec_lite.models.base import Recommender

ACCOUNTS = ("effect", "attention", "gradients", "random")
MOST_STEPS = 400


def explain(
    model: Recommender,
    history: ArrayLike,
    item: int | str,
    by: str = "effect",
    least: float = 0.2,
    last: int = 20,
    draws: int = 99,
    seed: int = 0,
    **axes: int,
) -> Explanation:
    """Explain why a model ranks an item where it does, and judge the explanation.

    A reason is shown only if (1) there is a history without the item in it, (2) the item stands
    above the mean of the others, (3) one item of the history stands out by the account, (4) without
    it the margin falls by ``least`` of itself or more, and (5) no other item alone would make it
    fall more. Integrated gradients name nothing unless they add up to 1 %, too.

    Args:
        model: any recommender that ranks from a history.
        history: ids, newest last, ``(length,)``; padding in front is dropped.
        item: an id or a title; need not be on the model's list.
        by: the account that names the reason: ``effect`` (leave-one-out), ``attention``,
            ``gradients``, or ``random``, the control.
        least: share of the margin, in (0, 1).
        last: distinct items that may be a reason, the newest ones; older ones stay as they are.
        draws: random orders and, a fifth of them, shuffles of the weights.
        seed: of all that is drawn.
        **axes: a number for an axis of the attention, such as ``head=0``. Of several interests the
            one that speaks for the item is taken; of other axes the mean, and ``averaged`` says so.

    Returns:
        The explanation; with an empty history one that shows nothing.

    Raises:
        ValueError: for an unknown item or word, a number out of range, padding after an item, or an
            account that this model does not have.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import ItemKNN
    >>> goods = {1: "kettle", 2: "teapot", 3: "ribbon", 4: "spoon"}
    >>> rows = [0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6)
    >>> log = Interactions.from_columns(*rows, titles=goods)
    >>> model = ItemKNN(log.items).fit(log)
    >>> explain(model, [3, 1], item="teapot").sentence()
    'Because you bought “kettle”.'
    >>> explain(model, [1], item="ribbon").sentence()
    'No reason can be shown: the item does not stand above the others.'
    """
    one_of("by", by, ACCOUNTS)
    inside("least", least), whole("draws", draws)
    answer = Kept.of(model, history, item, last)
    weights, averaged, record = _attention(model, answer, axes)
    n = len(answer.kinds)
    effects = left_out_effects(answer, n)
    gradients, error = _gradients(model, answer, last)
    accounts = {
        "effect": effects,
        "attention": weights,
        "gradients": gradients,
        "random": np.random.default_rng(seed).permutation(n).astype(np.float64),
    }
    account = accounts[by]
    if account is None and n:
        raise ValueError(f"by: expected an account that {model.name} has; received {by!r}")
    account = np.zeros(0) if account is None else account
    margin = float(answer(np.ones((1, n), bool))[0])
    found = _judged(model, answer, account, effects, draws, seed)
    found |= {
        "agreement": _agreement(weights, effects),
        "gradient_agreement": _agreement(gradients, effects),
        "completeness_error": error,
    }
    reliability = Reliability(**found)
    checks = _checks(answer, margin, account, effects, least)
    if by == "gradients":
        checks["the parts do not add up"] = error <= 0.01
    named = int(answer.kinds[account.argmax()]) if n else 0
    return Explanation(
        model.name, answer.item, answer.kinds, margin, effects, weights, gradients, averaged,
        record, by, named, reliability, checks, model.items,
    )  # fmt: skip


def _judged(
    model: Recommender, answer: Kept, account: Floats, effects: Floats, draws: int, seed: int
) -> dict[str, float]:
    """What deletion and shuffling say about an account."""
    n = len(account)
    if n == 0:
        return {}
    named = np.arange(n) == account.argmax()
    against = order_against_chance(answer, np.argsort(-account, kind="stable"), draws, seed)
    found = {
        "comprehensiveness": comprehensiveness(answer, named),
        "by_chance": float(effects.mean()),
        "sufficiency": sufficiency(answer, named),
        "gain": against["gain"],
        "p": against["p"],
    }
    if not hasattr(model, "network"):
        return found
    from attnrec_lite.explain._reading import movable
    from attnrec_lite.explain.reweighing import reweighed

    if movable(model):
        other = reweighed(model, answer.history, answer.item, max(1, draws // 5), seed=seed)
        found["kept_when_shuffled"] = float(other.kept.mean())
        found["moved_when_shuffled"] = float(np.abs(other.margins - other.margin).mean())
    return found


def _checks(
    answer: Kept,
    margin: float,
    account: Floats,
    effects: Floats,
    least: float,
) -> dict[str, bool]:
    """What has to hold, in the order in which it is asked; each by what is said if it does not."""
    n, size = len(account), np.sort(account)[::-1]
    slack = 1e-6 * float(np.abs(account).max(initial=0.0))
    stands_out = n > 0 and size[0] > slack and (n == 1 or size[0] - size[1] > slack)
    named = float(effects[account.argmax()]) if n else 0.0  # its comprehensiveness, once more
    return {
        "the history is empty": n > 0,
        "the item is in the history itself": answer.item not in answer.history,
        "the item does not stand above the others": margin > 0,
        "no item of the history stands out": bool(stands_out),
        "without the item that is named it would stand almost as high": (
            n > 0 and named >= least * margin
        ),
        "another item of the history counts for more": n > 0 and named >= float(effects.max()),
    }


def _attention(
    model: Recommender, answer: Kept, axes: dict[str, int]
) -> tuple[Floats | None, tuple[str, ...], AttentionRecord]:
    """A weight for each item, the axes that it is the mean of, and the whole record."""
    history = answer.history[np.newaxis]
    record = model.attention(history, [[answer.item]])
    unknown = set(axes) - set(record.axes[1:-1])
    if unknown:
        raise ValueError(f"axes are {record.axes}; received {', '.join(sorted(unknown))}")
    if "interest" in record.axes and "interest" not in axes and len(answer.history):
        axes = axes | {"interest": int(model.speakers(history, [[answer.item]])[0, 0])}  # type: ignore[attr-defined]
    weights: Floats = np.asarray(record.weights[0], np.float64)
    averaged: list[str] = []
    for name, size in zip(record.axes[-2:0:-1], record.weights.shape[-2:0:-1], strict=True):
        axis = record.axes.index(name) - 1
        if name in axes and not -size <= axes[name] < size:
            raise ValueError(f"{name}: expected a number in 0..{size - 1}; received {axes[name]}")
        if name in axes:
            weights = np.asarray(weights.take(axes[name], axis=axis))
        else:
            weights = np.asarray(weights.mean(axis=axis))
            averaged += [name] * (size > 1)
    if not weights.any():
        return None, (), record
    return answer.sums(record.keys[0], weights), tuple(reversed(averaged)), record


def _gradients(model: Recommender, answer: Kept, last: int) -> tuple[Floats | None, float]:
    """Integrated gradients and their error, where there are vectors to follow."""
    if not hasattr(model, "network") or not len(answer.kinds):
        return None, NONE
    from attnrec_lite.explain._reading import readable
    from attnrec_lite.explain.gradients import integrated

    if not readable(model):
        return None, NONE
    found = integrated(model, answer.history, answer.item, last=last, most=MOST_STEPS)
    return found.parts, found.error


def _agreement(account: Floats | None, effects: Floats) -> float:
    return NONE if account is None else rank_agreement(account, effects)
