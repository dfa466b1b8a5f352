"""Noise added once: to counts, and to the matrix that a closed form needs.

Where a model is a function of a few sums over people, the sums can be made private, and whatever is
computed of them stays private: solving, sorting, rounding cost nothing.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse

from attnrec_lite._checks import Floats, as_history, inside, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.formulas.privacy import gaussian_noise
from attnrec_lite.models._binary import history_matrix, log_matrix, newest_of_each, shares
from attnrec_lite.models.base import Arrays, Recommender, fitting
from attnrec_lite.privacy.accountant import Promise

EACH = "one user with all rows"


class _Noisy(Recommender):
    """A model of sums with noise; everybody's row of 0 and 1 is cut to one length first."""

    def __init__(self, items: Vocabulary, epsilon: float, delta: float, seed: int) -> None:
        super().__init__(items)
        self.epsilon, self.delta = positive("epsilon", epsilon), inside("delta", delta)
        self.seed = whole("seed", seed, least=0)

    @property
    def promise(self) -> Promise:
        """What the released numbers promise."""
        return Promise(self.epsilon, self.delta, EACH, np.inf)

    def _rows(self, log: Interactions) -> sparse.csr_array:
        """One row of length 1 for each user, so that nobody weighs more than another."""
        self._check_log(log)
        if self.delta * log.n_users >= 1:
            raise ValueError(
                f"delta: expected less than 1 / {log.n_users}, one over the users; "
                f"received {self.delta:g}"
            )
        met = log_matrix(log)
        length = np.sqrt(met.sum(axis=1))
        scale = np.divide(1.0, length, out=np.zeros(len(length)), where=length > 0)
        return sparse.csr_array(sparse.diags_array(scale) @ met)


class NoisyPopularity(_Noisy):
    r"""Popularity that no user can change much: the fair rival of a private model.

    The five slots: nobody asks, nothing is looked at; the score of an item is a count in which a
    user with n items gives each $1 / \sqrt n$, so that a row has length 1, plus Gaussian noise.

    Args:
        items: the vocabulary, which must not come from the private log.
        epsilon: above 0.
        delta: below one over the number of users.
        seed: of the noise; outside of a lesson nobody may know it.

    Raises:
        ValueError: if a number is out of range.

    >>> log = Interactions.from_columns([0, 0, 1], [1, 2, 2], [1, 2, 1])
    >>> model = NoisyPopularity(log.items, epsilon=300.0, delta=0.1).fit(log)
    >>> model.recommend([[0]], k=2)[0].tolist(), model.promise.unit
    ([[2, 1]], 'one user with all rows')
    """

    name = "noisy popularity"

    def __init__(
        self, items: Vocabulary, epsilon: float = 1.0, delta: float = 1e-4, seed: int = 0
    ) -> None:
        super().__init__(items, epsilon, delta, seed)
        self.counts: Floats = np.zeros(self.n_items + 1)

    def fit(self, log: Interactions) -> Self:
        """Count with noise; returns the model itself."""
        counts = np.asarray(self._rows(log).sum(axis=0)).ravel()
        noise = np.random.default_rng(self.seed).normal(0, 1, len(counts))
        self.counts = counts + gaussian_noise(self.epsilon, self.delta) * noise
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Weights of zero, ``("user", "key")``: nobody's history is looked at."""
        keys = as_history(history, self.n_items)
        self._candidates(keys, candidates)
        weights = np.zeros(keys.shape, np.float32)
        return AttentionRecord(weights, ("user", "key"), keys, "nobody", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"epsilon": self.epsilon, "delta": self.delta, "seed": self.seed}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.tile(self.counts.astype(np.float32), (len(history), 1))

    def _arrays(self) -> Arrays:
        return {"counts": self.counts}

    def _set_arrays(self, arrays: Arrays) -> None:
        self.counts = fitting(arrays, {"counts": (self.n_items + 1,)})["counts"]


class NoisyEASE(_Noisy):
    r"""EASE from a matrix of pairs with noise: one release instead of hundreds of steps.

    The five slots are those of ``models.EASE``. Its weights need $G = X^\top X$ alone. With rows of
    length 1 a user adds $x x^\top$, whose length is 1, so noise of one scale on the upper triangle
    makes G private; what follows is arithmetic: eigenvalues below 0 are set to 0, the penalty is
    added, the matrix inverted.

    Args:
        items: the vocabulary, which must not come from the private log.
        epsilon: above 0.
        delta: below one over the number of users.
        penalty: added to the diagonal; the noise wants more of it than a log without noise.
        seed: of the noise; outside of a lesson nobody may know it.

    Raises:
        ValueError: if a number is out of range.

    Source: McSherry and Mironov, "Differentially Private Recommender Systems" (2009), who add noise
    to covariances of the Netflix ratings; Steck (2019) for the closed form.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> model = NoisyEASE(log.items, epsilon=300.0, delta=0.1, penalty=1.0).fit(log)
    >>> model.recommend([[1]], k=1)[0].tolist()
    [[2]]
    """

    name = "noisy ease"

    def __init__(
        self,
        items: Vocabulary,
        epsilon: float = 1.0,
        delta: float = 1e-4,
        penalty: float = 100.0,
        seed: int = 0,
    ) -> None:
        super().__init__(items, epsilon, delta, seed)
        self.penalty = positive("penalty", penalty)
        self.weights: NDArray[np.float32] = np.zeros((self.n_items + 1,) * 2, np.float32)

    def fit(self, log: Interactions) -> Self:
        """Add up pairs with noise, and solve; returns the model itself."""
        rows = self._rows(log)
        pairs = (rows.T @ rows).toarray()
        rng = np.random.default_rng(self.seed)
        noise = np.triu(rng.normal(0, gaussian_noise(self.epsilon, self.delta), pairs.shape))
        values, vectors = linalg.eigh(pairs + noise + np.triu(noise, 1).T)
        inverse = (vectors / (np.maximum(values, 0) + self.penalty)) @ vectors.T
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        weights[0] = weights[:, 0] = 0
        self.weights = weights.astype(np.float32)
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each history item in a candidate's score, as ``models.EASE`` gives it."""
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        parts = self.weights[keys[:, None, :], asked[:, :, None]]
        weights = shares(parts * newest_of_each(keys)[:, None, :])
        axes = ("user", "candidate", "key")
        return AttentionRecord(weights, axes, keys, "the candidate", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("epsilon", "delta", "penalty", "seed")
        return {name: getattr(self, name) for name in names}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        met = history_matrix(history, self.n_items).astype(np.float32)
        scores: NDArray[np.float32] = met @ self.weights
        return scores

    def _arrays(self) -> Arrays:
        return {"weights": self.weights}

    def _set_arrays(self, arrays: Arrays) -> None:
        n = self.n_items + 1
        self.weights = fitting(arrays, {"weights": (n, n)})["weights"]
