"""Data: one table type, what is in it, ways to split and to batch it, and the book's data sets."""

from __future__ import annotations

from typing import Any

from attnrec_lite.data.clicks import Clicks, Planted
from attnrec_lite.data.cold import cold_and_warm, cold_items, hide_items
from attnrec_lite.data.describe import Description
from attnrec_lite.data.drift import DriftingShop, make_drifting_shop
from attnrec_lite.data.fetch import SOURCES, fetch
from attnrec_lite.data.films import film_facts
from attnrec_lite.data.impressions import make_clicks
from attnrec_lite.data.interactions import Interactions, Vocabulary
from attnrec_lite.data.item_features import generated_picture, load_features, text_features
from attnrec_lite.data.leakage import Leaks, leaks, random_split
from attnrec_lite.data.modalities import Modalities
from attnrec_lite.data.modality import Modality
from attnrec_lite.data.movielens import film_genres, movielens, read_edition
from attnrec_lite.data.negatives import Collisions, collisions, sample_negatives
from attnrec_lite.data.packing import Packed, pack, pack_histories, packed_mask, slot_owners
from attnrec_lite.data.planted import make_feature_pairs, make_lists, make_planted
from attnrec_lite.data.purchases import Purchases, make_purchases
from attnrec_lite.data.retail import online_retail
from attnrec_lite.data.sequences import left_pad, windows
from attnrec_lite.data.shop import TOY_AXES, TOY_GOODS, Shop, make_shop
from attnrec_lite.data.split import Holdout, Split, by_time, leave_one_out

__all__ = [
    "TOY_AXES",
    "TOY_GOODS",
    "Clicks",
    "Collisions",
    "Description",
    "DriftingShop",
    "Holdout",
    "Interactions",
    "Leaks",
    "Modalities",
    "Modality",
    "Packed",
    "Planted",
    "Purchases",
    "Shop",
    "Split",
    "Vocabulary",
    "by_time",
    "cold_and_warm",
    "cold_items",
    "collisions",
    "fetch",
    "film_facts",
    "film_genres",
    "generated_picture",
    "hide_items",
    "leaks",
    "leave_one_out",
    "left_pad",
    "load",
    "load_features",
    "make_clicks",
    "make_drifting_shop",
    "make_feature_pairs",
    "make_lists",
    "make_planted",
    "make_purchases",
    "make_shop",
    "movielens",
    "online_retail",
    "pack",
    "pack_histories",
    "packed_mask",
    "random_split",
    "sample_negatives",
    "slot_owners",
    "text_features",
    "windows",
]


def load(name: str, **options: Any) -> Interactions:
    """Load a data set of the book by its name.

    Args:
        name: ``"shop"`` (made up; see ``make_shop`` for the truth behind it), ``"movielens"``
            (from a package), or a name that ``fetch`` downloads: ``"movielens-latest-small"``,
            ``"movielens-100k"``, ``"movielens-1m"``, ``"movielens-20m"``, ``"movielens-25m"``,
            ``"movielens-32m"``, ``"movietweetings"``. ``"online-retail"`` is read from
            ``path=``, a file downloaded by hand.
        **options: of ``make_shop``, of ``movielens``, of ``online_retail``, or ``folder``,
            ``timeout`` and ``tries`` of ``fetch``.

    Returns:
        The table.

    Raises:
        ValueError: if the name is unknown, or the data are not as expected.
        ImportError: if an optional package is missing.
        OSError: if a download fails; the message says what to do by hand.

    >>> load("shop", n_users=100, seed=1).n_items
    240
    """
    if name == "shop":
        return make_shop(**options).log
    if name == "movielens":
        return movielens(**options)
    if name == "online-retail":
        return online_retail(**options)
    if name in SOURCES:
        return read_edition(name, fetch(name, **options))
    known = ", ".join(("shop", "movielens", "online-retail", *SOURCES))
    raise ValueError(f"name: expected one of {known}; received {name!r}")
