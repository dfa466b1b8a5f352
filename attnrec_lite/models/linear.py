"""A linear model of items by items, solved in closed form: ten lines that deep models must beat."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse

from attnrec_lite._checks import as_history, positive
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._binary import (
    history_matrix,
    log_matrix,
    newest_of_each,
    shares,
    tie_break,
)
from attnrec_lite.models.base import Arrays, Recommender, fitting

LARGEST = 32_768  # items: their weights fill 4 GiB, and fitting takes up to three times as much


class EASE(Recommender):
    r"""Rebuild each user's row from itself without the diagonal: "embarrassingly shallow".

    The five slots: the candidate asks; keys are the distinct items of the history; the score of a
    pair is a learned weight $B_{ij}$, which may be negative; nothing is normalised; the readout
    is the sum, $\hat y_j = \sum_{i \in H} B_{ij}$. The weights minimise

    $\lVert X - X B \rVert^2 + \lambda \lVert B \rVert^2$ with $B_{jj} = 0$

    for the 0/1 matrix $X$ of users and items. With $P = (X^\top X + \lambda I)^{-1}$ they are
    $B_{ij} = -P_{ij} / P_{jj}$ off the diagonal. Popularity, at most a millionth, decides between
    equal scores: an empty history gets the popular items.

    Args:
        items: the vocabulary, of at most 32,768 items: N x N weights in float32 fill 4 GiB then.
        penalty: $\lambda$; the larger, the smaller the weights.

    Raises:
        ValueError: if ``penalty`` is not a finite number above 0 or there are too many items.

    Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> EASE(log.items, penalty=1).fit(log).score_all([[1]]).round(3)
    array([[ -inf, 0.   , 0.667, 0.   ]], dtype=float32)
    """

    name = "ease"

    def __init__(self, items: Vocabulary, penalty: float = 100.0) -> None:
        super().__init__(items)
        self.penalty = positive("penalty", penalty)
        if self.n_items > LARGEST:
            raise ValueError(
                f"items: expected at most {LARGEST:,}, whose N x N weights fill 4 GiB; "
                f"received {self.n_items:,}"
            )
        self.weights: NDArray[np.float32] = np.zeros((self.n_items + 1,) * 2, np.float32)
        self.popularity: NDArray[np.int64] = np.zeros(self.n_items + 1, np.int64)

    def fit(self, log: Interactions) -> Self:
        """Solve for the weights; returns the model itself."""
        self._check_log(log)
        solve = _by_users if log.n_users < self.n_items else _by_items
        try:
            weights = solve(log_matrix(log), self.penalty)
        except linalg.LinAlgError:
            weights = np.full((1, 1), np.nan, np.float32)
        if not np.isfinite(weights).all():
            raise ValueError(f"penalty: expected more than {self.penalty:g}; nothing can be solved")
        self.weights = weights
        self.popularity = np.bincount(log.item, minlength=self.n_items + 1)
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each history item in a candidate's score, ``("user", "candidate", "key")``.

        A weight may speak against a candidate. The record holds the shares of the *absolute*
        weights: how much each item matters, not in which direction; for that see ``weights``. A
        repeated item counts once, where it stands for the last time.
        """
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        parts = self.weights[keys[:, None, :], asked[:, :, None]]  # (user, candidate, key)
        weights = shares(parts * newest_of_each(keys)[:, None, :])
        axes = ("user", "candidate", "key")
        return AttentionRecord(weights, axes, keys, "the candidate", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"penalty": self.penalty}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        met = history_matrix(history, self.n_items).astype(np.float32)
        scores: NDArray[np.float32] = met @ self.weights + tie_break(self.popularity)
        return scores

    def _arrays(self) -> Arrays:
        return {"weights": self.weights, "popularity": self.popularity}

    def _set_arrays(self, arrays: Arrays) -> None:
        n = self.n_items + 1
        fitting(arrays, {"weights": (n, n), "popularity": (n,)})
        self.weights, self.popularity = arrays["weights"], arrays["popularity"]


def _by_items(met: sparse.csr_array, penalty: float) -> NDArray[np.float32]:
    """The closed form as it is written: invert a matrix of items by items."""
    gram = (met.T @ met).toarray(order="F")
    gram[np.diag_indices_from(gram)] += penalty
    lower, failed = linalg.lapack.dpotrf(gram, lower=1, overwrite_a=1)
    if failed:
        raise linalg.LinAlgError("not positive definite")
    inverse, _ = linalg.lapack.dpotri(lower, lower=1, overwrite_c=1)  # its lower triangle
    diagonal = np.diag(inverse).copy()
    weights: NDArray[np.float32] = np.tril(inverse.astype(np.float32, order="C"), -1)
    weights += weights.T.copy()
    weights /= -diagonal.astype(np.float32)
    return weights


def _by_users(met: sparse.csr_array, penalty: float) -> NDArray[np.float32]:
    r"""The same from a matrix of users by users, for logs with fewer users than items.

    By Woodbury's identity $\lambda P = I - Q$ with $Q = X^\top (X X^\top + \lambda I)^{-1} X$, so
    $B_{ij} = Q_{ij} / (1 - Q_{jj})$.
    """
    gram = (met @ met.T).toarray(order="F")
    gram[np.diag_indices_from(gram)] += penalty
    lower = linalg.cholesky(gram, lower=True, overwrite_a=True)
    root = linalg.solve_triangular(lower, met.toarray(), lower=True)  # Q = root.T root
    rest = 1 - np.einsum("ui,ui->i", root, root)
    root = root.astype(np.float32)
    weights: NDArray[np.float32] = root.T @ root
    weights /= rest.astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights
