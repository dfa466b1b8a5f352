"""Readouts that no single click, and means that no few raters, can carry away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_history, finite, inside, one_of, positive
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.formulas.candidates import capped
from attnrec_lite.formulas.injection import capped_weights, trimmed_context
from attnrec_lite.formulas.weights import masked_softmax
from attnrec_lite.models.base import Arrays, Recommender

if TYPE_CHECKING:
    from attnrec_lite.models.qkv import QKVRecommender

MEANS = ("mean", "damped", "trimmed", "median")
DAMPING, TRIMMED = 10, 0.1  # ratings of the overall mean; share cut from each end


def item_rating(ratings: ArrayLike, how: str, overall: float = 3.5) -> float:
    """What an item's raters think of it, by a rule that a few of them may or may not move.

    Args:
        ratings: of one item, shape ``(n,)``, at least one.
        how: ``"mean"``; ``"damped"``, with 10 ratings of ``overall`` besides; ``"trimmed"``, a
            tenth cut from each end; ``"median"``.
        overall: mean of all ratings of the log.

    Returns:
        One rating. A median stays among the honest ratings until half of them are made up, a
        trimmed mean until a tenth of them are; the other two move with the first.

    Raises:
        ValueError: if there is no rating, one is not finite, or the rule is another word.

    >>> honest = [2.0] * 9
    >>> [round(item_rating(honest + [5.0], how, overall=2.0), 2) for how in MEANS]
    [2.3, 2.15, 2.0, 2.0]
    """
    r = finite("ratings", ratings, 1)
    one_of("how", how, MEANS)
    if how == "mean":
        return float(r.mean())
    if how == "damped":
        return float((r.sum() + DAMPING * overall) / (len(r) + DAMPING))
    if how == "median":
        return float(np.median(r))
    return float(trimmed_context(np.full(len(r), 1 / len(r)), r[:, None], TRIMMED)[0])


class BoundedAttention(Recommender):
    r"""A fitted attention model whose weights, or scores, cannot leave a bound.

    The five slots are those of ``QKVRecommender``; what changes is the normaliser or the readout.
    Nothing is learned: the parameters are those of the model, so quality pays for the bound.

    The newest item asks, and stands beside the context in the readout. So a click slipped in
    *earlier* takes at most the bound; one slipped in last takes the question itself, and no bound
    on weights helps.

    Args:
        model: fitted.
        bound: B, for scores: $B \tanh(s / B)$; see ``formulas.injected_weight_bound``.
        cap: for weights; see ``formulas.capped_weights``. A history of fewer than 1 / cap items
            cannot keep it: all of them get the same then.
        trim: for the readout; see ``formulas.trimmed_context``.

    Raises:
        ValueError: if a number is out of range.
    """

    name = "bounded attention"

    def __init__(
        self,
        model: QKVRecommender,
        bound: float | None = None,
        cap: float | None = None,
        trim: float = 0.0,
    ) -> None:
        super().__init__(model.items)
        self.model = model
        self.bound = None if bound is None else positive("bound", bound)
        if cap is not None and cap != 1:
            inside("cap", cap)
        if not 0 <= trim < 0.5:
            raise ValueError(f"trim: expected a number from 0 and below 0.5; received {trim!r}")
        self.cap, self.trim = cap, trim

    def fit(self, log: Interactions) -> Self:
        """Fit the model inside, with its defaults."""
        self.model.fit(log)
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What the newest item looks at, within the bound: axes ``("user", "head", "key")``."""
        keys = self.model._newest(as_history(history, self.n_items))
        self._candidates(keys, candidates)
        axes = ("user", "head", "key")
        weights = self._look(keys)[0].astype(np.float32)
        return AttentionRecord(weights, axes, keys, "the newest item", self.items)

    def config(self) -> dict[str, Any]:
        """The bounds; the model inside is not among them."""
        return {"bound": self.bound, "cap": self.cap, "trim": self.trim}

    def _look(self, keys: NDArray[np.int32]) -> tuple[Floats, Floats]:
        """Weights ``(batch, head, key)`` and the vector after the newest item ``(batch, d)``."""
        network = self.model.network
        attend, real = network.attend, keys > 0
        part = _norm(network.norm_in)
        x = np.asarray(network.table, np.float64)[keys]  # (batch, key, d)
        q, k, v = np.split(part(x) @ np.asarray(attend.qkv, np.float64), 3, axis=-1)
        q, k, v = (_heads(piece, attend.heads) for piece in (q[:, -1:], k, v))
        ago = np.arange(keys.shape[1])[::-1]
        bias = np.asarray(network.recency, np.float64)[:, ago]  # (head, key)
        scores = (q @ k.swapaxes(2, 3))[:, :, 0] / np.sqrt(attend.key_dim) + bias
        if self.bound is not None:
            scores = capped(scores, self.bound)
        weights = masked_softmax(scores, np.broadcast_to(real[:, None], scores.shape))
        if self.cap is not None:
            weights = _capped_rows(weights, real, self.cap)
        z = self._read(weights, v).reshape(len(keys), -1) @ np.asarray(attend.out, np.float64)
        after = _norm(network.norm_out)(x[:, -1] + z)
        return weights, np.where(real[:, -1:], after, 0.0)

    def _read(self, weights: Floats, values: Floats) -> Floats:
        """Values ``(batch, head, key, d_v)`` mixed, ``(batch, head, d_v)``."""
        if self.trim == 0:
            return np.asarray(np.einsum("bhk,bhkd->bhd", weights, values))
        mixed = np.zeros((*weights.shape[:2], values.shape[3]))
        for place in np.ndindex(weights.shape[:2]):
            if weights[place].any():  # else there is no history to read
                mixed[place] = trimmed_context(weights[place], values[place], self.trim)
        return mixed

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        context = self._look(self.model._newest(history))[1]
        table, bias = (np.asarray(w) for w in (self.model.network.table, self.model.network.bias))
        return np.asarray(context.astype(np.float32) @ table.T + bias, np.float32)

    def _arrays(self) -> Arrays:
        raise NotImplementedError("save the model inside: the bounds are three numbers")

    def _set_arrays(self, arrays: Arrays) -> None:
        raise NotImplementedError("load the model inside, and bound it again")


def _norm(layer: Any) -> Callable[[Floats], Floats]:
    """A layer's normalisation, in float64."""
    gain, shift = (np.asarray(w, np.float64) for w in (layer.gamma, layer.beta))

    def of(x: Floats) -> Floats:
        apart = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((apart**2).mean(axis=-1, keepdims=True) + layer.epsilon)
        return np.asarray(gain * apart / spread + shift)

    return of


def _heads(x: Floats, heads: int) -> Floats:
    """``(batch, length, heads x d)`` to ``(batch, head, length, d)``."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def _capped_rows(weights: Floats, real: NDArray[np.bool_], cap: float) -> Floats:
    """Cap the weights of each query; with fewer than 1 / cap items all get the same."""
    found = np.zeros_like(weights)
    for user, head in np.ndindex(weights.shape[:2]):
        some = real[user]
        if some.any():
            # Above 0, so that what is cut from one has somewhere to go.
            row = np.maximum(weights[user, head, some], 1e-30)
            found[user, head, some] = capped_weights(row / row.sum(), max(cap, 1 / some.sum()))
    return found
