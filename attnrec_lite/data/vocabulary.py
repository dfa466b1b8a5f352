"""The names behind the codes: item code 1..N to raw id and title, and back.

Code 0 is padding everywhere in the package. It has a title for printing and is never an item.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data._codes import check_ids, read_only

PADDING_TITLE = "(padding)"


@dataclass(frozen=True, eq=False, repr=False)
class Vocabulary:
    """Raw ids and titles of the items with codes 1..N.

    Attributes:
        raw: raw ids, integers or strings, shape ``(N,)``; ``raw[i - 1]`` belongs to code ``i``.
        titles: what to print for each item, shape ``(N,)``; the raw id as text where not given.

    Raises:
        ValueError: if a raw id occurs twice or the shapes differ.

    >>> goods = Vocabulary(np.array([10, 25]), np.array(["kettle", "teapot"]))
    >>> goods.title([0, 2]).tolist(), goods.id_of("teapot"), len(goods)
    (['(padding)', 'teapot'], 2, 2)
    """

    raw: NDArray[Any]
    titles: NDArray[np.str_] = None  # type: ignore[assignment]  # raw ids, see below

    def __post_init__(self) -> None:
        """Fill in missing titles, check the shapes and protect the arrays."""
        raw = np.asarray(self.raw)
        raw = np.array(raw.tolist()) if raw.dtype == object else raw  # pandas keeps text this way
        if raw.dtype.kind not in "iuU":
            raise ValueError(f"raw: expected integers or strings; received {raw.dtype}")
        titles = raw.astype(np.str_) if self.titles is None else np.asarray(self.titles, np.str_)
        if raw.ndim != 1 or raw.shape != titles.shape:
            raise ValueError(
                "titles: expected one title for each raw id; "
                f"received shapes {titles.shape} and {raw.shape}"
            )
        if len(np.unique(raw)) != len(raw):
            raise ValueError(
                "raw: expected each id once; "
                f"received {len(raw) - len(np.unique(raw)):,} repeated of {len(raw):,}"
            )
        object.__setattr__(self, "raw", read_only(raw))
        object.__setattr__(self, "titles", read_only(titles))

    @classmethod
    def from_titles(
        cls, raw: NDArray[Any], titles: Mapping[Any, str] | None
    ) -> tuple[Vocabulary, tuple[str, ...]]:
        """Look up the title of each raw id.

        Args:
            raw: raw ids, shape ``(N,)``.
            titles: raw id to title, or None.

        Returns:
            The vocabulary, where a raw id without a title is its own, and notes that count these.

        >>> Vocabulary.from_titles(np.array([7, 8]), {7: "kettle"})
        (Vocabulary(2 items: kettle, 8), ('1 of 2 items has no title, the raw id stands in',))
        """
        if titles is None:
            return cls(raw), ()
        found = [titles.get(key) for key in raw.tolist()]
        lacking = found.count(None)
        pairs = zip(raw.tolist(), found, strict=True)
        names = np.array([str(key) if title is None else title for key, title in pairs], np.str_)
        verb = "has" if lacking == 1 else "have"
        note = f"{lacking:,} of {len(raw):,} items {verb} no title, the raw id stands in"
        return cls(raw, names), ((note,) if lacking else ())

    def __len__(self) -> int:
        """Return the number of items N, padding not counted."""
        return len(self.raw)

    def __repr__(self) -> str:
        """Show the size and the first titles."""
        first = ", ".join(self.titles[:3].tolist())
        return f"Vocabulary({len(self):,} items: {first}{', ...' if len(self) > 3 else ''})"

    def title(self, ids: ArrayLike) -> Any:
        """Titles of item codes.

        Args:
            ids: codes in 0..N, one number or an array of any shape.

        Returns:
            A ``str`` for one number, else an array of ``str`` of the same shape.

        Raises:
            ValueError: if a code is not a whole number in 0..N.

        >>> Vocabulary(np.array(["tt001"])).title(1)
        'tt001'
        """
        codes = check_ids("ids", ids, len(self))
        found = self._printed[codes]
        return str(found) if codes.ndim == 0 else found

    def id_of(self, title_or_raw: str | int) -> int:
        """Code of the item with this raw id or, if no raw id matches, with this title.

        Args:
            title_or_raw: a raw id as it stood in the data, or a title.

        Returns:
            The code, in 1..N.

        Raises:
            ValueError: if nothing matches (close titles are listed) or a title names several items.

        >>> Vocabulary(np.array([7]), np.array(["kettle"])).id_of("ketle")
        Traceback (most recent call last):
        ...
        ValueError: title_or_raw: expected a known item; received 'ketle' (close: 'kettle')
        """
        key = title_or_raw.item() if isinstance(title_or_raw, np.generic) else title_or_raw
        if isinstance(key, int | str) and not isinstance(key, bool):
            if key in self._code_of_raw:
                return self._code_of_raw[key]
            codes = self._codes_of_title.get(str(key), []) if isinstance(key, str) else []
            if len(codes) == 1:
                return codes[0]
            if codes:
                raws = ", ".join(repr(self.raw[code - 1].item()) for code in codes)
                raise ValueError(
                    "title_or_raw: expected a title of one item; "
                    f"received {key!r}, which names {len(codes)}: use a raw id ({raws})"
                )
        close = difflib.get_close_matches(str(key), self.titles.tolist(), n=3)
        hint = f" (close: {', '.join(map(repr, close))})" if close else ""
        raise ValueError(f"title_or_raw: expected a known item; received {key!r}{hint}")

    @cached_property
    def _printed(self) -> NDArray[np.str_]:
        return np.concatenate([[PADDING_TITLE], self.titles]).astype(np.str_)

    @cached_property
    def _code_of_raw(self) -> dict[Any, int]:
        return {raw: code for code, raw in enumerate(self.raw.tolist(), start=1)}

    @cached_property
    def _codes_of_title(self) -> dict[str, list[int]]:
        codes: dict[str, list[int]] = defaultdict(list)
        for code, title in enumerate(self.titles.tolist(), start=1):
            codes[title].append(code)
        return codes
