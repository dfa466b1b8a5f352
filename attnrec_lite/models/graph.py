"""LightGCN: vectors that flow along the edges between users and the items that they took."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from attnrec_lite._checks import as_history, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._binary import history_matrix, log_matrix, newest_of_each, shares
from attnrec_lite.models._pairs import Codes, Pairs, Singles
from attnrec_lite.models.base import Arrays, Recommender, fitting


class LightGCN(Recommender):
    r"""Users and items as nodes; each hands its vector on to its neighbours, layer by layer.

    The five slots: the user's vector asks; keys and values are the vectors of all items; the score
    is a dot product; nothing is normalised; the readout is the score itself. Before that, each
    vector is a sum over neighbours, (15.5), whose weights are fixed by the degrees: what attention
    over a graph would have to beat. A node is the mean of its layers, (15.6), and training
    minimises the loss of ``BPR``, (15.7), plus $\frac{\lambda}{2}$ times the squared lengths of the
    first vectors of the pair.

    A history comes without a user: its vector is what its items hand on, the mean over layers with
    a first vector of 0, (15.8). So somebody with one item can be served the moment they take it. An
    empty history has no edge, and gets the mean user of the log; an item without an edge keeps its
    first, random vector: a graph of ids knows nothing about newcomers.

    Args:
        items: the vocabulary.
        width: of the vectors.
        layers: K, how many steps the vectors take.
        penalty: $\lambda$.
        seed: the same seed gives the same model, to the last bit on one machine.

    Raises:
        ValueError: if a number is out of range.

    Source: He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for
    Recommendation", SIGIR 2020; S0-I9, S0-Q4. They step with Adam; here Adagrad does, as in
    ``BPR``.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> LightGCN(log.items, width=4).fit(log).recommend([[1], [3]], k=1)[0].tolist()
    [[2], [4]]
    """

    name = "lightgcn"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        layers: int = 2,
        penalty: float = 1e-4,
        seed: int = 0,
    ) -> None:
        super().__init__(items)
        self.width, self.layers = whole("width", width), whole("layers", layers)
        self.penalty, self.seed = positive("penalty", penalty), whole("seed", seed, least=0)
        self.losses: list[float] = []
        shape = (self.n_items + 1, self.width)
        self.table: Singles = np.zeros(shape, np.float32)  # of items, as users meet them
        self.handed: Singles = np.zeros(shape, np.float32)  # what an item gives to a new user
        self.mean: Singles = np.zeros(self.width, np.float32)

    def fit(
        self, log: Interactions, epochs: int = 60, batch: int = 1024, learning_rate: float = 0.05
    ) -> Self:
        """Learn the first vectors from the start; a second call forgets the first.

        Args:
            log: the training log; its ids are those of the vocabulary.
            epochs: passes over the log.
            batch: pairs per step; each step walks the whole graph, so large ones are cheap.
            learning_rate: of Adagrad.

        Returns:
            The model itself; ``losses`` holds the mean loss of each epoch without the penalty.

        Raises:
            ValueError: if the log has other items, or a number is out of range.
        """
        self._check_log(log)
        whole("batch", batch)
        rate, rng = positive("learning_rate", learning_rate), np.random.default_rng(self.seed)
        edges, users = normalised(log), log.n_users
        nodes = users + self.n_items + 1
        first = rng.normal(0, 0.1, (nodes, self.width)).astype(np.float32)
        squares = np.full_like(first, 1e-8)
        pairs, self.losses = Pairs(log), []
        for _ in range(whole("epochs", epochs)):
            total = 0.0
            for pair in pairs.batches(batch, rng):
                rows = [pair[0], users + pair[1], users + pair[2]]
                loss, slope = loss_and_slope(edges, first, self.layers, rows)
                slope += self.penalty * _counted(rows, nodes)[:, None] * first
                squares += slope * slope
                first -= rate * slope / np.sqrt(squares)
                total += loss
            self.losses.append(total / max(1, len(pairs)))
        self._keep(walk(edges, first, self.layers), edges, users)
        return self

    def user_vectors(self, history: ArrayLike) -> Singles:
        """The vector of each history, whoever it belongs to: equation (15.8).

        Args:
            history: as for ``score_all``; how often and in which order does not matter.

        Returns:
            Vectors, float32 ``(batch, width)``; for an empty history the mean of the log's users.

        Raises:
            ValueError: as for ``score_all``.
        """
        met = history_matrix(as_history(history, self.n_items), self.n_items).astype(np.float32)
        size = np.asarray(met.sum(axis=1), np.float32).reshape(-1, 1)
        found = (met @ self.handed) / np.sqrt(np.maximum(size, 1))
        return np.where(size > 0, found, self.mean)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each history item in a candidate's score, ``("user", "candidate", "key")``.

        A score is a sum over the items of the history. One may speak against a candidate: the
        record holds shares of the *absolute* parts. A repeated item counts once, where it stands
        last.
        """
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        given = self.handed[keys] * newest_of_each(keys)[:, :, None]
        parts = np.einsum("bcd,bkd->bck", self.table[asked], given)
        axes = ("user", "candidate", "key")
        return AttentionRecord(shares(parts), axes, keys, "the user's vector", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {name: getattr(self, name) for name in ("width", "layers", "penalty", "seed")}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = self.user_vectors(history) @ self.table.T
        return scores

    def _keep(self, layers: Singles, edges: sparse.csr_array, users: int) -> None:
        """Keep of the graph what new users need."""
        degree = np.diff(edges.indptr)[users:, None]
        share = np.divide(1, np.sqrt(degree), out=np.zeros(degree.shape), where=degree > 0)
        found = layers.mean(axis=0)
        self.table, self.mean = found[users:].copy(), found[:users].sum(axis=0) / max(1, users)
        handed = share * layers[:-1, users:].sum(axis=0) / len(layers)
        self.handed = handed.astype(np.float32)

    def _arrays(self) -> Arrays:
        return {"table": self.table, "handed": self.handed, "mean": self.mean}

    def _set_arrays(self, arrays: Arrays) -> None:
        shape = (self.n_items + 1, self.width)
        fitting(arrays, {"table": shape, "handed": shape, "mean": (self.width,)})
        self.table, self.handed, self.mean = arrays["table"], arrays["handed"], arrays["mean"]


def normalised(log: Interactions) -> sparse.csr_array:
    r"""The graph of a log, users first, then items with padding: $1 / \sqrt{|N_u| |N_i|}$ an edge.

    Returns:
        float32 and symmetric, ``(n_users + N + 1,) * 2``.
    """
    met = log_matrix(log).tocoo()
    degrees = np.bincount(met.row, minlength=met.shape[0]), np.bincount(met.col)
    met.data = 1 / np.sqrt(degrees[0][met.row] * degrees[1][met.col])
    graph = sparse.block_array([[None, met], [met.T, None]], format="csr")
    return graph.astype(np.float32)


def walk(edges: sparse.csr_array, vectors: Singles, steps: int) -> Singles:
    """Vectors before the walk and after each step, ``(steps + 1, nodes, d)``."""
    found = [vectors]
    for _ in range(steps):
        found.append(edges @ found[-1])
    return np.stack(found)


def loss_and_slope(
    edges: sparse.csr_array, first: Singles, steps: int, rows: list[Codes]
) -> tuple[float, Singles]:
    """Summed loss of some pairs, and its slopes for the first vectors of all nodes.

    Args:
        edges: as ``normalised`` gives them.
        first: vectors before the walk, ``(nodes, d)``.
        steps: of the walk.
        rows: nodes of users, of items taken and of items not taken, each ``(b,)``.
    """
    vectors = walk(edges, first, steps).mean(axis=0)
    user, taken, other = (vectors[nodes] for nodes in rows)
    margin = np.einsum("bd,bd->b", user, taken - other)
    wrong = (0.5 - 0.5 * np.tanh(0.5 * margin))[:, None]  # 1 - sigmoid(margin)
    each = np.concatenate([-wrong * (taken - other), -wrong * user, wrong * user])
    place, count = np.concatenate(rows), 3 * len(margin)
    gather = sparse.csr_array(
        (np.ones(count, np.float32), (place, np.arange(count))), shape=(len(vectors), count)
    )
    # The walk is a symmetric matrix: slopes go back the way that vectors came.
    slope = walk(edges, gather @ each, steps).mean(axis=0)
    return float(np.logaddexp(0, -margin).sum(dtype=np.float64)), slope


def _counted(rows: list[Codes], nodes: int) -> Singles:
    """How often each node is in a batch."""
    return np.bincount(np.concatenate(rows), minlength=nodes).astype(np.float32)
