"""The same graph as one small file for a phone or a till: LiteRT, which was TensorFlow Lite.

One user at a time and a history of one length, because a small interpreter plans its memory once.
Weights may be kept smaller: as float16, or as int8. The table of items, nearly all of a file, is
read in one place and multiplied in another; in int8 the converter keeps one copy for each, so that
file is no smaller than that of float16.
"""

from __future__ import annotations

import importlib
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import one_of
from attnrec_lite.models import Recommender
from attnrec_lite.serving.graph import Servable

WEIGHTS = ("float32", "float16", "int8")


def to_lite(model: Recommender, path: str | Path, k: int = 10, weights: str = "float32") -> Path:
    """Write a model as a LiteRT file, whole or not at all.

    Args:
        model: as for ``Servable``.
        path: the file, by custom ``*.tflite``; its folder must exist.
        k: how many items it gives.
        weights: ``"float32"``; ``"float16"``, half the size; ``"int8"``, half as well, multiplied
            in int8.

    Returns:
        The path.

    Raises:
        TypeError: if the model is none of those that ``Servable`` takes.
        ValueError: if ``k`` is no whole number from 1, ``weights`` is another word, or a weight is
            not finite.
        FileNotFoundError: if there is no such folder.
    """
    one_of("weights", weights, WEIGHTS)
    path, servable = Path(path), Servable(model, k)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path: expected an existing folder; received {path.parent}")
    shape = tf.TensorSpec((1, servable.reach), tf.int32, "history")

    @tf.function(input_signature=[shape])  # type: ignore[untyped-decorator]
    def recommend(history: tf.Tensor) -> dict[str, tf.Tensor]:
        found: dict[str, tf.Tensor] = servable.recommend(tf.cast(history, tf.int64))
        return found

    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(servable, folder, {"recommend": recommend})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["recommend"])
        if weights != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == "float16":
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


class LiteRecommender:
    """Answers from a file that ``to_lite`` wrote, through the interpreter alone.

    Args:
        path: the file.

    Attributes:
        reach: how many of the newest items it looks at.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no such file or is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        content = Path(path).read_bytes()
        try:
            interpreter = _interpreter(content)
            self._run = interpreter.get_signature_runner("recommend")
            self.reach = int(interpreter.get_input_details()[0]["shape"][1])
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"path: {path} is no lite recommender or is damaged") from error

    def recommend(self, history: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The best items for one user.

        Args:
            history: item ids, oldest first, ``(length,)``; only the newest ``reach`` are looked at,
                and left out of the answer.

        Returns:
            Ids and scores, each ``(k,)``; where fewer items are left, id 0 and ``-inf``.

        Raises:
            ValueError: if the history is not one row of whole numbers.
        """
        ids = np.asarray(history)
        if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
            raise ValueError(
                f"history: expected one row of item ids; received {ids.dtype} {ids.shape}"
            )
        row = np.zeros((1, self.reach), np.int32)
        newest = ids[-self.reach :]
        row[0, self.reach - len(newest) :] = newest
        found = self._run(history=row)
        return found["ids"][0], found["scores"][0]


def _interpreter(content: bytes) -> Any:
    """LiteRT's own interpreter where it is installed, else the one inside TensorFlow."""
    try:
        kind = importlib.import_module("ai_edge_litert.interpreter").Interpreter
    except ImportError:
        kind = tf.lite.Interpreter
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Interpreter is deprecated", UserWarning)
        return kind(model_content=content, num_threads=1)
