"""What is known about an item besides who took it: text, category, price, people, a picture.

A *modality* is one kind of signal. Each item has a row of numbers in it, or a bag of codes, or
nothing: what is missing is marked, never filled with zeros that would pass for a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_ids, one_of
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.item_features import film_signals, shop_signals
from attnrec_lite.data.modality import Modality
from attnrec_lite.data.shop import Shop
from attnrec_lite.data.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False, repr=False)
class Modalities:
    """Several signals about the items of one catalogue.

    ``of_shop``, ``of_films`` and ``from_arrays`` make them; ``load_features`` reads one from a
    file. ``hidden`` and ``shuffled`` spoil one, to see what a model does without it.

    Attributes:
        items: the vocabulary.
        signals: one for each modality; there may be none.

    Raises:
        ValueError: if a signal has another number of items, or a name is repeated.

    >>> goods = Vocabulary(np.array([10, 25]), np.array(["kettle", "teapot"]))
    >>> price = Modality.of_vectors("price", [[9.0], [12.5]])
    >>> Modalities(goods, (price,)).hidden("price", [2])["price"].known
    array([False,  True, False])
    """

    items: Vocabulary
    signals: tuple[Modality, ...]

    def __post_init__(self) -> None:
        """Check that all speak of the same items."""
        object.__setattr__(self, "signals", tuple(self.signals))
        for signal in self.signals:
            if len(signal.known) != len(self.items) + 1:
                raise ValueError(
                    f"{signal.name}: expected {len(self.items)} items; "
                    f"received {len(signal.known) - 1}"
                )
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"signals: expected different names; received {self.names}")

    @classmethod
    def from_arrays(
        cls,
        items: Vocabulary,
        vectors: Mapping[str, ArrayLike],
        known: Mapping[str, ArrayLike] | None = None,
    ) -> Modalities:
        """Numbers that lie in memory, such as the output of a pretrained encoder.

        Args:
            items: the vocabulary.
            vectors: name to rows, ``(N, f)``, in the order of the vocabulary.
            known: name to booleans ``(N,)``, for modalities that some items lack.

        Raises:
            ValueError: as ``Modality.of_vectors``, or if ``known`` has a name that is not there.
        """
        masks = known or {}
        for name in masks:
            one_of("known", name, tuple(vectors))
        made = (Modality.of_vectors(n, rows, masks.get(n)) for n, rows in vectors.items())
        return cls(items, tuple(made))

    @classmethod
    def of_shop(cls, shop: Shop, seed: int = 0) -> Modalities:
        """Text, category, price and a generated picture of the goods of ``make_shop``.

        Args:
            shop: the shop.
            seed: of the picture, which is no picture: see ``generated_picture``.
        """
        return cls(shop.log.items, shop_signals(shop, seed))

    @classmethod
    def of_films(cls, log: Interactions, at_least: int = 5) -> Modalities:
        """Genre and decade, director, cast and country of the films of ``movielens()``.

        Args:
            log: a log whose raw item ids are those of ``movielens()``.
            at_least: films of the log that a person or country needs in order to be kept. What no
                film has is left out.

        Raises:
            ImportError: if a package with the facts is missing; see ``film_facts``.
        """
        return cls(log.items, film_signals(log, at_least))

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(signal.name for signal in self.signals)

    def __getitem__(self, name: str) -> Modality:
        """The signal of this name; ValueError lists the names if there is none."""
        return self.signals[self.names.index(one_of("name", name, self.names))]

    def __iter__(self) -> Iterator[Modality]:
        """Go through the signals."""
        return iter(self.signals)

    def __len__(self) -> int:
        """How many modalities there are."""
        return len(self.signals)

    def __repr__(self) -> str:
        """Show one line for each."""
        return f"Modalities({len(self.items):,} items: {', '.join(self.names) or 'none'})"

    def only(self, *names: str) -> Modalities:
        """These modalities alone, in the order that is asked for."""
        return replace(self, signals=tuple(self[name] for name in names))

    def hidden(self, name: str, items: ArrayLike | None = None) -> Modalities:
        """The same, as if one modality were missing.

        Args:
            name: which one.
            items: codes of the items that lack it; all by default.

        Raises:
            ValueError: if there is no such modality, or an item is unknown.
        """
        known = np.array(self[name].known)
        asked = np.arange(1, len(known)) if items is None else np.asarray(items)
        known[as_ids("items", asked[np.newaxis], len(known) - 1, least=1)] = False
        return self._exchange(replace(self[name], known=known))

    def shuffled(self, name: str, seed: int = 0) -> Modalities:
        """The same, with one modality dealt out anew: each item gets that of a random item.

        Its numbers are as plausible as before, only wrong: noise that no filter can see.

        Args:
            name: which one.
            seed: of the dealing.
        """
        rows = np.random.default_rng(seed).permutation(np.arange(1, len(self.items) + 1))
        order, old = np.concatenate([[0], rows]), self[name]
        return self._exchange(replace(old, values=old.values[order], known=old.known[order]))

    def _exchange(self, signal: Modality) -> Modalities:
        new = (signal if old.name == signal.name else old for old in self.signals)
        return replace(self, signals=tuple(new))
