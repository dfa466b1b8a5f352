"""Recommenders, one file each, all under the contract of ``base.Recommender``.

``load`` reads back what ``Recommender.save`` wrote. A class is imported when it is first asked
for, so the baselines do not wait for TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from attnrec_lite.models.base import Recommender, read

_HOMES = {"Popularity": "baselines", "Successors": "baselines", "QKVRecommender": "qkv"}

__all__ = ["Popularity", "QKVRecommender", "Recommender", "Successors", "load"]


def __getattr__(name: str) -> Any:
    """Import a model the first time that it is named."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load(path: str | Path) -> Recommender:
    """Read a model that ``save`` wrote; nothing in the file is executed.

    Args:
        path: the ``.npz`` file.

    Returns:
        The model, of the class that was saved, with its vocabulary: same ids, same scores.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no saved recommender, is damaged, or names a model unknown here.
    """
    about, items, arrays = read(path)
    if about.get("model") not in _HOMES:
        raise ValueError(f"path: {path} holds {about.get('model')!r}, which is not a known model")
    model: Recommender = __getattr__(about["model"])(items, **about["config"])
    model._set_arrays(arrays)
    return model
