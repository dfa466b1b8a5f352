"""The one contract that every recommender of the book keeps, baselines included.

Item ids are 1..N; 0 is padding and is never recommended. A history is ``int32 (batch, length)``,
left-padded, newest item last. A model answers ``score``, ``score_all``, ``recommend`` and
``attention`` and saves itself, vocabulary included, in one file, so that evaluation, explanation
and plots are written once.
"""

from __future__ import annotations

import json
import os
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, as_ids, whole
from attnrec_lite._topk import top_k
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord

FORMAT = 1  # raised when the layout of a saved model changes
PIECE = 2**22  # scores held at a time where the answer is smaller: 16 MiB
Arrays = dict[str, NDArray[Any]]


class Saved(ABC):
    """A model that saves itself as one file, without pickle; ``models.load`` reads it back.

    Args:
        items: the vocabulary; its codes are the item ids of every call.

    A subclass writes ``config`` and ``_arrays``/``_set_arrays``.
    """

    name: ClassVar[str]  # as tables print it

    def __init__(self, items: Vocabulary) -> None:
        self.items = items

    @property
    def n_items(self) -> int:
        """N, the size of the catalogue without padding."""
        return len(self.items)

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The constructor's arguments except the vocabulary, as plain JSON values."""

    @abstractmethod
    def _arrays(self) -> Arrays:
        """What was learned, by name."""

    @abstractmethod
    def _set_arrays(self, arrays: Arrays) -> None:
        """Take back what ``_arrays`` gave; raises ValueError where names or shapes differ."""

    def save(self, path: str | Path) -> Path:
        """Write the model and its vocabulary as one ``.npz`` file, whole or not at all.

        Args:
            path: the file; its folder must exist.

        Returns:
            The path.

        Raises:
            FileNotFoundError: if there is no such folder.
            OSError: if it cannot be written; nothing half-written stays behind.
        """
        path = Path(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"path: expected an existing folder; received {path.parent}")
        about = {"format": FORMAT, "model": type(self).__name__, "config": self.config()}
        parts: dict[str, Any] = {
            "about": np.array(json.dumps(about)),
            "raw": self.items.raw,
            "titles": self.items.titles,
            **{f"learned/{name}": array for name, array in self._arrays().items()},
        }
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with partial.open("wb") as file:
                np.savez(file, **parts)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        return path


class Recommender(Saved):
    """A model that scores every item for a history.

    Args:
        items: the vocabulary; its codes are the item ids of every call.

    A subclass writes four things: ``fit``, ``_scores`` (all items for checked histories),
    ``attention``, and what it needs to be saved: ``config`` and ``_arrays``/``_set_arrays``.
    """

    @abstractmethod
    def fit(self, log: Interactions) -> Self:
        """Learn from a log, and from nothing else; returns the model itself."""

    @abstractmethod
    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores of shape ``(batch, N + 1)``; what stands in column 0 does not matter."""

    @abstractmethod
    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What the model looked at when it scored these candidates for these histories."""

    def score_all(self, history: ArrayLike) -> NDArray[np.float32]:
        """Preference score of every item.

        Args:
            history: item ids ``(batch, length)``, left-padded with 0; of any length, the model
                takes the newest items that it can use.

        Returns:
            Scores, float32 ``(batch, N + 1)``; column 0, padding, is ``-inf``.

        Raises:
            ValueError: for an unknown id, padding after an item, or a score that is not finite.
        """
        found = self._scores(as_history(history, self.n_items))
        # What it returns is copied, unless it is a new array that nothing else can see.
        new = isinstance(found, np.ndarray) and found.base is None and sys.getrefcount(found) <= 2
        scores = np.require(found if new else np.array(found), np.float32, ["C", "W"])
        rows = max(1, PIECE // scores.shape[1])
        for start in range(0, len(scores), rows):
            if not np.isfinite(scores[start : start + rows, 1:]).all():
                raise ValueError(f"{self.name}: scores are not finite; did training diverge?")
        scores[:, 0] = -np.inf
        return scores

    def score(self, history: ArrayLike, candidates: ArrayLike) -> NDArray[np.float32]:
        """Preference scores of some candidates.

        Args:
            history: as for ``score_all``.
            candidates: item ids 1..N, shape ``(batch, candidates)``.

        Returns:
            Scores, float32 ``(batch, candidates)``.

        Raises:
            ValueError: as for ``score_all``, and for ids outside 1..N or another batch size.
        """
        return np.take_along_axis(self.score_all(history), self._candidates(history, candidates), 1)

    def recommend(
        self, history: ArrayLike, k: int, exclude_seen: bool = True
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The k best items, best first; of equal scores the smaller id comes first.

        Args:
            history: as for ``score_all``.
            k: how many.
            exclude_seen: leave out what is in the history as it was handed in.

        Returns:
            Ids and scores, each ``(batch, k)``; where fewer items are left, id 0 and ``-inf``.

        Raises:
            ValueError: as for ``score_all``, and if ``k`` is not a whole number from 1.
        """
        seen, width = as_history(history, self.n_items), min(whole("k", k), self.n_items)
        ids = np.zeros((len(seen), k), np.int32)
        best = np.full((len(seen), k), -np.inf, np.float32)
        rows = max(1, PIECE // (self.n_items + 1))
        for start in range(0, max(1, len(seen)), rows):
            piece = slice(start, start + rows)
            scores = self.score_all(seen[piece])
            if exclude_seen:
                np.put_along_axis(scores, seen[piece], -np.inf, axis=1)
            ids[piece, :width] = top_k(scores, width)
            best[piece, :width] = np.take_along_axis(scores, ids[piece, :width], axis=1)
        ids[np.isneginf(best)] = 0
        return ids, best

    def _check_log(self, log: Interactions) -> None:
        """Refuse a log of another catalogue: its ids would mean other items."""
        if len(log.items) != self.n_items:
            raise ValueError(f"log: expected {self.n_items} items; received {len(log.items)}")
        if not np.array_equal(log.items.raw, self.items.raw):
            raise ValueError("log: expected the catalogue of this model; its raw ids differ")

    def _candidates(self, history: ArrayLike, candidates: ArrayLike) -> NDArray[np.int32]:
        """Check candidates against the history that they are scored for."""
        ids = as_ids("candidates", candidates, self.n_items, least=1)
        if len(ids) != len(np.asarray(history)):
            expected = len(np.asarray(history))
            raise ValueError(f"candidates: expected {expected} rows; received {len(ids)}")
        return ids


def read(path: str | Path) -> tuple[dict[str, Any], Vocabulary, Arrays]:
    """Read a saved model's parts: what it is, its vocabulary, what it learned.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no saved model, is damaged, or has another format.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = dict(json.loads(str(arrays.pop("about"))))
        items = Vocabulary(arrays.pop("raw"), arrays.pop("titles"))
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged archive fails in many ways, each of them this one
        raise ValueError(
            f"path: {path} is not a saved recommender or is damaged ({error})"
        ) from error
    if about.get("format") != FORMAT:
        raise ValueError(f"path: expected format {FORMAT}; {path} has {about.get('format')}")
    return about, items, {name.removeprefix("learned/"): a for name, a in arrays.items()}


def fitting(arrays: Arrays, shapes: dict[str, tuple[int | None, ...]]) -> Arrays:
    """Return saved arrays after checking that they are numbers of the expected shapes.

    Args:
        arrays: by name, as a file gave them.
        shapes: name to shape; None in a shape stands for any length.

    Raises:
        ValueError: if a name is missing or too many, or an array does not fit.
    """
    if set(arrays) != set(shapes):
        raise ValueError(f"file: expected arrays {sorted(shapes)}; received {sorted(arrays)}")
    for name, shape in shapes.items():
        found = arrays[name]
        fits = len(found.shape) == len(shape) and all(
            n in (None, size) for n, size in zip(shape, found.shape, strict=True)
        )
        if not fits or found.dtype.kind not in "iuf":
            raise ValueError(
                f"{name}: expected numbers of shape {shape}; received {found.dtype} {found.shape}"
            )
    return arrays
