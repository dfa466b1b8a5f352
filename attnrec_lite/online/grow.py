"""Room for items that were not there when the model was trained."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data._codes import count
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.online._merge import lookup

Model = TypeVar("Model", bound=NextItemRecommender)


def with_new_items(model: Model, items: Vocabulary) -> Model:
    """A copy of a model that knows more items; it scores the old ones as before.

    A new item begins as nobody in particular: with the mean of the known vectors, and with the
    lowest bias, so that it is recommended to nobody until it has been seen. Features would say
    more: ``ItemEncoder``, in the chapter "Cold start".

    Args:
        model: fitted, without an encoder.
        items: the longer vocabulary: the model's items first, in their order.

    Returns:
        A new model; an optimizer's state is not carried over.

    Raises:
        ValueError: if the model has an encoder, or the old items are not the first ones.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import SASRec
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = with_new_items(SASRec(log.items, width=4), Vocabulary(np.arange(1, 7)))
    >>> model.score_all([[1, 2]]).shape
    (1, 7)
    """
    if model.encoder is not None:
        raise ValueError("model: expected one without an encoder; its item vectors are made of it")
    known, n = model.items.raw, model.n_items
    if len(items) < n or not np.array_equal(lookup(items.raw, known), np.arange(n)):
        raise ValueError(
            f"items: expected the {count(n, 'item')} of the model first, in their order; received "
            f"{items!r}"
        )
    longer = type(model)(items, **model.config())
    wanted = {name: array.shape for name, array in longer._arrays().items()}
    arrays = {name: _longer(array, wanted[name][0]) for name, array in model._arrays().items()}
    longer._set_arrays(arrays)
    longer.losses = list(model.losses)
    return longer


def _longer(array: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """A table with rows for the new items; what is not a table of items stays as it is."""
    if rows == len(array):
        return array
    new = array[1:].min(axis=0) if array.ndim == 1 else array[1:].mean(axis=0)
    return np.concatenate([array, np.broadcast_to(new, (rows - len(array), *array.shape[1:]))])
