"""How much each modality weighed: text, image, id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import as_ids, one_of
from attnrec_lite.data.vocabulary import Vocabulary

_TABLES = ("weights", "shares")


@dataclass(frozen=True, eq=False)
class ModalityRecord:
    """How much each modality weighed in the vectors of some items.

    A weight says how much a modality was listened to, its share how much of the vector came of it:
    a small weight times a long vector may be most of the sum, so both are kept.

    Attributes:
        weights: float32 ``(item, modality)``; 0 where an item lacks the modality. What they mean
            and whether they sum to 1 is said by ``meaning``.
        shares: float32 ``(item, modality)``: the part of the vector's length, measured along the
            vector, that each modality made; rows sum to 1, and a share below 0 speaks against the
            rest. 0 where nothing is known.
        keys: the items, int32 ``(item,)``.
        modalities: the name of each modality.
        meaning: of the weights, in words.
        items: the vocabulary, for titles.

    Raises:
        ValueError: if shapes and names do not fit.

    >>> goods = Vocabulary(np.array([1, 2]), np.array(["kettle", "teapot"]))
    >>> record = ModalityRecord([[0.25, 0.75]], [[0.1, 0.9]], [2], ("id", "text"), "softmax", goods)
    >>> record.axes, record.of("teapot"), record.mean()
    (('item', 'modality'), {'id': 0.25, 'text': 0.75}, {'id': 0.25, 'text': 0.75})
    """

    weights: NDArray[np.float32]
    shares: NDArray[np.float32]
    keys: NDArray[np.int32]
    modalities: tuple[str, ...]
    meaning: str
    items: Vocabulary
    axes = ("item", "modality")

    def __post_init__(self) -> None:
        """Refuse a record that would mislead."""
        keys = as_ids("keys", [self.keys], len(self.items), least=1)[0]
        for name in ("weights", "shares"):
            found = np.asarray(getattr(self, name), np.float32)
            if found.shape != (len(keys), len(self.modalities)):
                expected = (len(keys), len(self.modalities))
                raise ValueError(f"{name}: expected shape {expected}; received {found.shape}")
            object.__setattr__(self, name, found)
        object.__setattr__(self, "keys", keys)

    def __len__(self) -> int:
        """How many items the record holds."""
        return len(self.keys)

    def of(self, title_or_raw: str | int) -> dict[str, float]:
        """The weights of one item, by modality.

        Raises:
            ValueError: if the item is unknown or not in the record.
        """
        place = np.flatnonzero(self.keys == self.items.id_of(title_or_raw))
        if not len(place):
            raise ValueError(f"title_or_raw: {title_or_raw!r} is not among the {len(self)} items")
        return self._named(self.weights[place[0]])

    def mean(self, what: str = "weights") -> dict[str, float]:
        """Means over the items, by modality.

        Args:
            what: ``"weights"`` or ``"shares"``.
        """
        table = {"weights": self.weights, "shares": self.shares}[one_of("what", what, _TABLES)]
        return self._named(table.mean(axis=0))

    def _named(self, row: NDArray[np.float32]) -> dict[str, float]:
        return dict(zip(self.modalities, row.tolist(), strict=True))
