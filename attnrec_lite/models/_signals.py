"""The parts of an item encoder: how each modality becomes vectors of one width, and its checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from attnrec_lite.data import Modalities

Shapes = dict[str, Any]


class IdSignal:
    """A row of a table for each item."""

    features = None

    def __init__(self, layer: keras.layers.Layer, seed: int) -> None:
        start = keras.initializers.RandomNormal(stddev=layer.width**-0.5, seed=seed)
        self.rows = adder(layer)("id_rows", (layer.n_items + 1, layer.width), initializer=start)

    def __call__(self) -> tf.Tensor:
        """Vectors of all items, ``(N + 1, d)``."""
        return tf.convert_to_tensor(self.rows)


class VectorSignal:
    """Numbers, mapped linearly."""

    def __init__(self, layer: keras.layers.Layer, seed: int, name: str, width: int) -> None:
        add, start = adder(layer), keras.initializers.GlorotUniform(seed=seed)
        self.features = add(f"{name}_features", (layer.n_items + 1, width), trainable=False)
        self.map = add(f"{name}_map", (width, layer.width), initializer=start)
        self.bias = add(f"{name}_bias", (layer.width,))

    def __call__(self) -> tf.Tensor:
        """Vectors of all items, ``(N + 1, d)``."""
        return tf.matmul(self.features, self.map) + self.bias


class BagSignal:
    """Codes, each with a vector of its own; an item is the mean of its codes."""

    def __init__(
        self, layer: keras.layers.Layer, seed: int, name: str, width: int, labels: int
    ) -> None:
        add = adder(layer)
        start = keras.initializers.RandomNormal(stddev=layer.width**-0.5, seed=seed)
        shape = (layer.n_items + 1, width)
        self.features = add(f"{name}_features", shape, trainable=False, dtype="int32")
        self.rows = add(f"{name}_rows", (labels + 1, layer.width), initializer=start)

    def __call__(self) -> tf.Tensor:
        """Vectors of all items, ``(N + 1, d)``; 0 where there is no code."""
        real = tf.cast(self.features > 0, tf.float32)
        total = tf.reduce_sum(tf.gather(self.rows, self.features) * real[:, :, tf.newaxis], axis=1)
        return tf.math.divide_no_nan(total, tf.reduce_sum(real, axis=1, keepdims=True))


def add_signals(layer: keras.layers.Layer, seeds: Sequence[int]) -> list[Any]:
    """One signal for each name of an encoder, in its order."""
    made: list[Any] = [IdSignal(layer, seeds[0])] if layer.ids else []
    for (name, width, labels), seed in zip(layer.shapes["each"], seeds[len(made) :], strict=True):
        if labels:
            made.append(BagSignal(layer, seed, name, width, labels))
        else:
            made.append(VectorSignal(layer, seed, name, width))
    return made


def adder(layer: keras.layers.Layer) -> Callable[..., Any]:
    """``add(name, shape)`` of a layer, in float32 whatever the policy of the model around it."""

    def add(name: str, shape: tuple[int, ...], initializer: Any = "zeros", **options: Any) -> Any:
        return layer.add_weight(
            shape=shape, name=name, initializer=initializer, autocast=False, **options
        )

    return add


def shapes_of(given: Modalities | Mapping[str, Any]) -> Shapes:
    """The number of items, and for each modality its name, width and number of labels.

    Raises:
        ValueError: if a saved configuration does not say these.
    """
    if isinstance(given, Modalities):
        each = [[s.name, s.width, len(s.labels)] for s in given]
        return {"items": len(given.items), "each": each}
    try:
        each = [[str(name), int(width), int(labels)] for name, width, labels in given["each"]]
        return {"items": int(given["items"]), "each": each}
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"modalities: expected Modalities; received {given!r:.80}") from None


def check_shapes(expected: Shapes, received: Shapes) -> None:
    """Refuse features of other shapes, naming the modality that differs.

    Raises:
        ValueError: if names, widths, labels or the number of items differ.
    """
    if received["items"] != expected["items"]:
        raise ValueError(
            f"modalities: expected {expected['items']} items; received {received['items']}"
        )
    names = [[name for name, *_ in shapes["each"]] for shapes in (expected, received)]
    if names[0] != names[1]:
        missing = sorted(set(names[0]) - set(names[1]))
        hint = f" ({', '.join(missing)} missing: see Modalities.hidden)" if missing else ""
        raise ValueError(f"modalities: expected {names[0]}; received {names[1]}{hint}")
    for (name, *own), (_, *other) in zip(expected["each"], received["each"], strict=True):
        for what, size, found in zip(("width", "number of labels"), own, other, strict=True):
            if size != found:
                raise ValueError(f"{name}: expected {what} {size}; received {found}")


def check_dropout(given: float | Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """A share for each name.

    Raises:
        ValueError: if a name is unknown or a share is not in [0, 1).
    """
    shares = dict(given) if isinstance(given, Mapping) else dict.fromkeys(names, given)
    for name, share in shares.items():
        if name not in names:
            raise ValueError(f"dropout: expected names among {', '.join(names)}; received {name!r}")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
            raise ValueError(f"dropout: expected a share in [0, 1); received {share!r} for {name}")
    return {name: float(shares.get(name, 0.0)) for name in names}
