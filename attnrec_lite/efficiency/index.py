"""Approximate search through faiss: fewer comparisons, and now and then another answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import one_of, whole
from attnrec_lite.efficiency.search import Found, checked

KINDS = ("flat", "lists", "graph", "codes")
CENTRES = 256  # of each part of a product quantiser: a byte tells them apart


class ItemIndex:
    """Item vectors arranged so that the best are found without looking at all of them.

    ``flat`` looks at all (exact, to compare with); ``lists`` sorts items to the nearest of
    ``lists`` centres and looks into the ``probes`` nearest lists (IVF); ``graph`` walks from
    neighbour to neighbour (HNSW); ``codes`` looks at all, one byte for each of ``parts`` parts of
    a vector (product quantisation). The bias is one more column of the table.

    Args:
        table: item vectors ``(N + 1, d)``; row 0 is padding.
        bias: a number for each item, ``(N + 1,)``.
        kind: one of the four.
        lists: how many; by default the root of N.
        probes: lists looked into.
        links: of an item in the graph.
        effort: items kept in mind on a walk through the graph.
        parts: bytes of a coded vector.

    Raises:
        ValueError: if shapes do not fit, a number is not finite, there are fewer items than lists,
            fewer lists than probes, or fewer items than ``codes`` needs centres.
        ImportError: if faiss is not installed.

    Source: Jégou et al. (2011) for lists and codes, Malkov and Yashunin (2020) for the graph,
    Douze et al. (2024) for faiss.

    >>> table = np.random.default_rng(0).normal(size=(101, 8))
    >>> ItemIndex(table, kind="lists", lists=10, probes=10).search(table[5:6], k=1)[0]
    array([[5]], dtype=int32)
    """

    def __init__(
        self,
        table: ArrayLike,
        bias: ArrayLike | None = None,
        kind: str = "lists",
        lists: int | None = None,
        probes: int = 8,
        links: int = 32,
        effort: int = 64,
        parts: int = 16,
    ) -> None:
        nobody = np.zeros((0, np.asarray(table).shape[-1]), np.float32)
        _, x, b, _ = checked(nobody, table, bias, None)
        if not np.isfinite(x).all():
            raise ValueError("table: expected finite numbers; received NaN or inf")
        self.kind, self.n_items = one_of("kind", kind, KINDS), len(x) - 1
        self._width = x.shape[1] + 1
        # Parts are of one width: the table gets columns of zeros until it can be shared out.
        self._spare = -self._width % whole("parts", parts) if kind == "codes" else 0
        rows = self._padded(np.column_stack([x, b])[1:])
        numbers = {"probes": whole("probes", probes), "effort": whole("effort", effort)}
        if kind == "lists":
            count = max(1, round(self.n_items**0.5)) if lists is None else whole("lists", lists)
            self._check_lists(count, probes if lists is not None else min(probes, count))
            numbers["lists"] = count
        if kind == "codes" and self.n_items < CENTRES:
            raise ValueError(
                f"table: codes need at least {CENTRES} items, one for each centre; "
                f"received {self.n_items}"
            )
        self._index = _made(kind, rows, numbers, whole("links", links), parts)

    def search(self, contexts: ArrayLike, k: int, banned: ArrayLike | None = None) -> Found:
        """The best items found for each context, best first.

        Args:
            contexts: float ``(batch, d)``.
            k: how many.
            banned: ids that a row must not get, ``(batch, n)``, 0 for none; as many more are asked
                for, so that the list stays full.

        Returns:
            Ids, int32, and scores, float32, each ``(batch, k)``; id 0 and ``-inf`` where too few
            were found.

        Raises:
            ValueError: if shapes do not fit, a number is not finite or ``k`` is not whole from 1.
        """
        blank = np.zeros((self.n_items + 1, self._width - 1), np.float32)
        q, _, _, ban = checked(contexts, blank, None, banned)
        ids = np.zeros((len(q), whole("k", k)), np.int32)
        best = np.full(ids.shape, -np.inf, np.float32)
        asked = min(k + (0 if banned is None else ban.shape[1]), self.n_items)
        ones = np.ones((len(q), 1), np.float32)
        scores, places = self._index.search(self._padded(np.column_stack([q, ones])), asked)
        found = (places + 1).astype(np.int32)  # faiss counts from 0 and says -1 for none
        if banned is not None:
            found[(found[:, :, np.newaxis] == ban[:, np.newaxis, :]).any(axis=2)] = 0
        order = np.argsort(found == 0, axis=1, kind="stable")[
            :, :k
        ]  # real ones first, as they came
        width = order.shape[1]
        ids[:, :width] = np.take_along_axis(found, order, 1)
        best[:, :width] = np.take_along_axis(scores, order, 1)
        best[ids == 0] = -np.inf
        return ids, best

    def tune(self, probes: int | None = None, effort: int | None = None) -> None:
        """Look into more or fewer lists, or walk further, without building anew.

        Args:
            probes: for ``lists``.
            effort: for ``graph``.

        Raises:
            ValueError: if the index is not of that kind, or a number is out of range.
        """
        for name, value, kind in (("probes", probes, "lists"), ("effort", effort, "graph")):
            if value is not None and self.kind != kind:
                raise ValueError(f"{name}: expected none for {self.kind!r}; it is for {kind!r}")
        if probes is not None:
            self._check_lists(self._index.nlist, whole("probes", probes))
            self._index.nprobe = probes
        if effort is not None:
            self._index.hnsw.efSearch = whole("effort", effort)

    @property
    def nbytes(self) -> int:
        """Bytes of the index as it would be written."""
        import faiss

        return int(faiss.serialize_index(self._index).nbytes)

    def _padded(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ascontiguousarray(np.pad(rows, ((0, 0), (0, self._spare))), np.float32)

    def _check_lists(self, lists: int, probes: int) -> None:
        if lists > self.n_items:
            raise ValueError(f"lists: expected at most one per item, {self.n_items}; got {lists}")
        if probes > lists:
            raise ValueError(f"probes: expected at most lists={lists}; received {probes}")


def _made(
    kind: str, rows: NDArray[np.float32], numbers: dict[str, int], links: int, parts: int
) -> Any:
    """Train a faiss index on the rows and fill it."""
    import faiss

    index: Any
    width, product = rows.shape[1], faiss.METRIC_INNER_PRODUCT
    if kind == "lists":
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, numbers["lists"], product)
        index.cp.min_points_per_centroid = 1  # few to a list is the caller's choice: no warning
        index.nprobe = numbers["probes"]
    elif kind == "graph":
        index = faiss.IndexHNSWFlat(width, links, product)
        index.hnsw.efSearch = numbers["effort"]
    elif kind == "codes":
        index = faiss.IndexPQ(width, parts, 8, product)
        index.pq.cp.min_points_per_centroid = 1
    else:
        index = faiss.IndexFlatIP(width)
    if not index.is_trained:
        index.train(rows)
    index.add(rows)
    return index
