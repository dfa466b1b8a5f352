"""Models, one file each.

Recommenders keep the contract of ``base.Recommender``, click models that of ``click.ClickModel``.
``load`` reads back what ``save`` wrote, ``baselines_for`` makes every rival that a new model has to
beat. A class is imported when it is first asked for, so the baselines do not wait for TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models.base import Recommender, Saved, read

Kind = TypeVar("Kind", bound=Saved)
_HOMES = {
    "AFM": "afm",
    "APR": ".robustness.perturbation",
    "BERT4Rec": "bert4rec",
    "BPR": "factors",
    "ClickModel": "click",
    "DIN": "din",
    "EASE": "linear",
    "FM": "afm",
    "ForgettingEASE": ".privacy.unlearning",
    "InterestModel": "interests",
    "ItemEncoder": "fusion",
    "ItemKNN": "neighbours",
    "LightGCN": "graph",
    "LocalFactors": ".privacy.factors",
    "MeanPooling": "pooled",
    "MultiInterest": "multi_interest",
    "NAIS": "nais",
    "NoisyEASE": ".privacy.noisy",
    "NoisyPopularity": ".privacy.noisy",
    "PageModel": "page",
    "PairwiseAttention": "pairwise_attention",
    "Popularity": "baselines",
    "Precomputed": ".efficiency.precomputed",
    "PrivateFactors": ".privacy.training",
    "QKVRecommender": "qkv",
    "RecentPopularity": "baselines",
    "SASRec": "sasrec",
    "ScoreTimesAttention": "score_times_attention",
    "SegmentPopularity": "segments",
    "Successors": "baselines",
    "TimedSASRec": "timed",
    "TargetAttention": "target_attention",
    "TwoTasks": "two_tasks",
    "train_together": "click",
}

__all__ = [
    "AFM",
    "APR",
    "BPR",
    "DIN",
    "EASE",
    "FM",
    "NAIS",
    "BERT4Rec",
    "ClickModel",
    "ForgettingEASE",
    "InterestModel",
    "ItemEncoder",
    "ItemKNN",
    "LightGCN",
    "LocalFactors",
    "MeanPooling",
    "MultiInterest",
    "NoisyEASE",
    "NoisyPopularity",
    "PageModel",
    "PairwiseAttention",
    "Popularity",
    "Precomputed",
    "PrivateFactors",
    "QKVRecommender",
    "RecentPopularity",
    "Recommender",
    "SASRec",
    "ScoreTimesAttention",
    "SegmentPopularity",
    "Successors",
    "TargetAttention",
    "TimedSASRec",
    "TwoTasks",
    "baselines_for",
    "load",
    "train_together",
]


def __getattr__(name: str) -> Any:
    """Import a model the first time that it is named."""
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def baselines_for(items: Vocabulary) -> list[Recommender]:
    """One of each baseline, unfitted, with its defaults, the simplest first.

    Args:
        items: the vocabulary; above 32,768 items EASE, whose weights would not fit, is left out.

    Returns:
        Popularity, recent popularity, successors, nearest neighbours, EASE, matrix factorisation.

    >>> import numpy as np
    >>> [model.name for model in baselines_for(Vocabulary(np.array([1, 2])))]
    ['popularity', 'recent popularity', 'successors', 'item-knn', 'ease', 'bpr']
    """
    from attnrec_lite.models.linear import LARGEST

    names = ["Popularity", "RecentPopularity", "Successors", "ItemKNN", "EASE", "BPR"]
    if len(items) > LARGEST:
        names.remove("EASE")
    return [__getattr__(name)(items) for name in names]


def load(path: str | Path, kind: type[Kind] = Recommender) -> Kind:  # type: ignore[assignment]
    """Read a model that ``save`` wrote; nothing in the file is executed.

    Args:
        path: the ``.npz`` file.
        kind: what it has to be: ``Recommender``, ``ClickModel`` or a class of them.

    Returns:
        The model, of the class that was saved, with its vocabulary: same ids, same scores.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no saved model, is damaged, or names a model unknown here or of
            another kind.
    """
    about, items, arrays = read(path)
    name, config = about.get("model"), about.get("config")
    if not isinstance(name, str) or name not in _HOMES:
        raise ValueError(f"path: {path} holds {name!r}, which is not a known model")
    found = __getattr__(name)
    if not isinstance(found, type) or not issubclass(found, kind):
        raise ValueError(f"path: expected a {kind.__name__}; {path} holds {name}")
    try:
        model: Kind = found(items, **config)  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(f"path: the config in {path} is not one of {name} ({error})") from error
    model._set_arrays(arrays)
    return model
