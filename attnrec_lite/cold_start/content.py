"""From what is known about an item to the vector that a fitted model would have given it."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.modalities import Modalities
from attnrec_lite.data.modality import Modality
from attnrec_lite.formulas import ridge_map
from attnrec_lite.models.base import Recommender

Model = TypeVar("Model", bound=Recommender)


def content_ridge(
    model: Model,
    modalities: Modalities,
    log: Interactions,
    penalty: float = 1.0,
    fewest: int = 1,
) -> Model:
    r"""Give new items the vectors that their content predicts: equation (15.3).

    A ridge regression goes from the features of the items that the log has to what the model
    learned about them, both around their means, and is read off for the others. A new item of which
    nothing is known gets the mean. Nothing else about the model changes.

    Args:
        model: fitted on ``log``: ``BPR``, ``LightGCN``, or a network with a table of item vectors.
            It is changed.
        modalities: what is known about the items.
        log: that the model was fitted on.
        penalty: $\lambda$, above 0.
        fewest: rows of the log below which an item counts as new; what was learned about it from
            fewer is thrown away.

    Returns:
        The model itself.

    Raises:
        ValueError: if the model has no such table, the catalogues differ, no item with so many
            rows is known in any modality, or a number is out of range.

    Source: Gantner et al. (ICDM 2010).

    >>> from attnrec_lite.data import make_shop
    >>> from attnrec_lite.models import BPR
    >>> shop = make_shop(n_users=100)
    >>> log = shop.log.select(shop.log.item != shop.log.items.id_of("teapot"))
    >>> known = Modalities.of_shop(shop).only("category")
    >>> model = content_ridge(BPR(log.items, width=8).fit(log), known, log)
    >>> bool(model.table[shop.log.items.id_of("teapot")] @ model.table[1] > 0)
    True
    """
    model._check_log(log)
    if not np.array_equal(modalities.items.raw, model.items.raw):
        raise ValueError("modalities: expected the catalogue of this model; its raw ids differ")
    rows = np.bincount(log.item, minlength=len(model.items) + 1)
    trained = rows >= whole("fewest", fewest)
    x, known = _centred(modalities, trained)
    if not (known & trained).any():
        raise ValueError("modalities: expected something about the items of the log; found nothing")
    new = np.flatnonzero(~trained)[1:]  # without padding
    for part in _parts(model):
        vectors = np.asarray(part).astype(np.float64).reshape(len(x), -1)
        own = vectors[known & trained]
        to_own = ridge_map(x[known & trained], own - own.mean(axis=0), penalty)
        vectors[new] = own.mean(axis=0) + x[new] @ to_own
        _write(part, vectors.reshape(np.shape(part)).astype(np.float32))
    return model


def _centred(modalities: Modalities, trained: NDArray[np.bool_]) -> tuple[Floats, NDArray[Any]]:
    """All features ``(N + 1, f)`` less their means over trained items, and who has any.

    What an item lacks is 0, the mean: it speaks neither for nor against anything.
    """
    columns, known = [np.zeros((len(trained), 0))], np.zeros(len(trained), bool)
    for signal in modalities:
        values, there = _columns(signal), signal.known & trained
        if there.any():
            values = values - values[there].mean(axis=0)
        columns.append(np.where(signal.known[:, None], values, 0.0))
        known |= signal.known
    return np.concatenate(columns, axis=1), known


def _columns(signal: Modality) -> Floats:
    """One modality as numbers ``(N + 1, f)``; of a bag the share of each code."""
    if not signal.labels:
        return signal.values.astype(np.float64)
    counts = np.zeros((len(signal.values), len(signal.labels) + 1))
    np.add.at(counts, (np.arange(len(counts))[:, None], signal.values), 1)
    counts = counts[:, 1:]  # code 0 is no code
    return np.asarray(counts / np.maximum(1, counts.sum(axis=1, keepdims=True)))


def _parts(model: Recommender) -> list[Any]:
    """What a model learned about each item by itself, arrays or weights of N + 1 rows."""
    network = getattr(model, "network", None)
    if network is None:
        found = [getattr(model, name, None) for name in ("table", "bias", "handed")]
    else:
        found = [getattr(network, name, None) for name in ("own_table", "bias")]
    if found[0] is None:
        raise ValueError(f"model: expected one with a table of item vectors; received {model.name}")
    return [part for part in found if part is not None]


def _write(part: Any, values: NDArray[np.float32]) -> None:
    """Put values into an array or into a weight of a network."""
    if isinstance(part, np.ndarray):
        part[...] = values
    else:
        part.assign(values)
