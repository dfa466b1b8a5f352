"""Questions to a program that raises no error: is there anything that it can learn?

Each takes seconds and no data set. None says that a model is good; each finds one way of being
empty that an error message, a falling loss and a plausible table of figures all leave unseen.

Explained in the chapter "Five programs, repaired".
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import positive
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.models.base import Recommender

_ASK_AGAIN = """
import sys
import numpy as np
from attnrec_lite.models import load
history, k, *paths = sys.argv[1:]
seen = np.load(history)
for path in paths:
    np.savez(path, *load(path).recommend(seen, int(k)))
"""


def attempt(line: str, names: Mapping[str, Any]) -> Any:
    """Run one line of a program; print it and what came of it, an error by type and first line.

    Args:
        line: an expression, as you would type it. It is executed: pass nothing that you would not
            run yourself.
        names: what the line may use, such as ``globals()``.

    Returns:
        The value of the line, None after an error.

    >>> nothing = attempt("rows @ columns", {"rows": np.ones((1, 3)), "columns": np.ones((2, 1))})
    ... # doctest: +ELLIPSIS
    rows @ columns
        ValueError: matmul: ...
    >>> two = attempt("1 + x", {"x": 1})
    1 + x
        no error, 2
    """
    print(line)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            found = eval(line, dict(names))
            said = f"no error, {getattr(found, 'shape', found)}"
        except Exception as error:  # whatever the program does wrong is what is asked for
            found, first = None, (str(error).splitlines() or [""])[0]
            said = f"{type(error).__name__}: {first}"
    folder = re.escape(tempfile.gettempdir()) + r"/\w+/"  # a path of this machine helps nobody
    for told in [f"UserWarning: {w.message}" for w in heard] + [said]:
        told = re.sub(rf"{folder}|\{{\{{function.*?\}}\}} ", "", told)
        short = textwrap.shorten(told, 150, placeholder=" …")
        print(textwrap.indent(textwrap.fill(short, 74), "    "))
    return found


def answers(model: Any, histories: ArrayLike, targets: ArrayLike) -> dict[str, Any]:
    """The first four questions, asked of a recommender with a network, as the book has them.

    Args:
        model: fitted, with a ``network`` whose ``compute_loss`` takes ids, targets and outputs.
        histories: item ids, left-padded with 0, int32 ``(batch, length)``.
        targets: what follows each of them, the same shape; 0 where nothing does.

    Returns:
        By question: how far the scores move with the history, how many numbers there are to train,
        how many different histories go in and lists of scores come out, and how many variables
        the loss does not reach.
    """
    rows, net = np.asarray(histories), model.network

    def scores(history: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(model.score_all(history)[:, 1:])

    steep = slopes(net, lambda: net.compute_loss(rows, np.asarray(targets), net(rows)))
    return {
        "1 moved by": round(moved_by(scores, history=rows)["history"], 2),
        "2 to train": sum(int(np.prod(v.shape)) for v in net.trainable_variables),
        "3 in, out": distinct(scores, rows),
        "4 unreached": sum(slope == 0 for slope in steep.values()),
    }


def moved_by(answer: Callable[..., Any], **inputs: ArrayLike) -> dict[str, float]:
    """How far the answer moves when one input alone is changed: 0.0 is an input that nobody hears.

    Args:
        answer: takes the inputs by name and returns numbers.
        inputs: arrays whose rows differ. Each in turn is changed in two ways, and the larger effect
            counts: all its rows become copies of its first, or of its last. So ids stay ids, and
            vectors stay as long as they were.

    Returns:
        For each input the largest change of any number of the answer.

    Raises:
        ValueError: if an input has no two rows that differ, or the answer changes its shape or is
            not finite.

    >>> def program(query, keys): return np.asarray(keys).sum(axis=0)         # reads no query
    >>> moved_by(program, query=[[1.0], [2.0]], keys=[[1.0, 0.0], [0.0, 3.0]])
    {'query': 0.0, 'keys': 3.0}
    """
    rows = {name: np.asarray(value) for name, value in inputs.items()}
    before, moved = _numbers(answer(**rows)), {}
    for name, value in rows.items():
        if value.ndim == 0 or len(value) < 2 or (value == value[:1]).all():
            raise ValueError(f"{name}: expected two rows that differ; received {value!r:.80}")
        moved[name] = 0.0
        for one in (value[:1], value[-1:]):
            after = _numbers(answer(**{**rows, name: np.repeat(one, len(value), axis=0)}))
            if after.shape != before.shape:
                raise ValueError(
                    f"answer: expected shape {before.shape} again; received {after.shape}"
                )
            moved[name] = max(moved[name], float(np.abs(after - before).max(initial=0.0)))
    return moved


def slopes(network: Any, loss: Callable[[], Any]) -> dict[str, float]:
    """How steep the loss is in each trainable variable: 0.0 is a variable that cannot learn.

    Args:
        network: with ``trainable_variables``, as every Keras layer and model has them.
        loss: computes the loss, a single number, by calling the network.

    Returns:
        Name of the variable to the largest absolute entry of its gradient. Nothing at all for a
        network without trainable variables.

    >>> import tensorflow as tf
    >>> net = tf.Module()
    >>> net.used, net.idle = (tf.Variable(1.0, name=name) for name in ("used", "idle"))
    >>> slopes(net, lambda: 3 * net.used)
    {'idle': 0.0, 'used': 3.0}
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss()
    variables = list(network.trainable_variables)  # a layer may only make them when it is called
    # A variable of Keras holds one of TensorFlow in ``value``; there it is a method.
    held = [v if callable(v.value) else v.value for v in variables]
    found = tape.gradient(value, held)
    steep: dict[str, float] = {}
    for variable, gradient in zip(variables, found, strict=True):
        dense = np.zeros(1) if gradient is None else np.asarray(tf.convert_to_tensor(gradient))
        name = str(getattr(variable, "path", variable.name)).removesuffix(":0")
        name += f" ({len(steep) + 1})" * (name in steep)  # two of one name are still two
        steep[name] = float(np.abs(dense).max(initial=0.0))
    return steep


def distinct(answer: Callable[[Any], Any], inputs: ArrayLike) -> tuple[int, int]:
    """How many different things go in and how many come out: many and one is a broken lookup.

    Args:
        answer: from the inputs to one result each.
        inputs: one thing per row; a vector of them has one number per row.

    Returns:
        The number of different rows of the inputs, and of the answer.

    Raises:
        ValueError: if there is not one result per row.

    >>> distinct(lambda x: np.floor(x), [0.1, 0.5, 0.9])
    (3, 1)
    """
    x = np.asarray(inputs)
    found = np.asarray(answer(x))
    if x.ndim == 0 or found.ndim == 0 or len(found) != len(x):
        raise ValueError(
            f"answer: expected one result for each of {len(np.atleast_1d(x))} rows; received shape "
            f"{found.shape}"
        )
    rows = [len(np.unique(a.reshape(len(a), -1), axis=0)) for a in (x, found)]
    return rows[0], rows[1]


def end_slopes(
    loss: Callable[[float, float], Any], target: float, reach: float = 1e3
) -> tuple[float, float]:
    """Where the loss leads as the output grows without end: below 0 it has no minimum there.

    Args:
        loss: of a target and an output, in this order, as Keras losses take them.
        target: a label, such as a rating.
        reach: how far out to look.

    Returns:
        By how much the loss changes per unit of output, far to the left (going left) and far to
        the right (going right). Both are 0 or more for a loss that is bounded below: a fall that
        peters out, by less than a billionth per unit, counts as 0.

    Raises:
        ValueError: if ``reach`` is not a finite number above 0.

    >>> def square(target, output): return (output - target) ** 2
    >>> end_slopes(square, target=4, reach=10)
    (23.0, 7.0)
    >>> end_slopes(lambda target, output: -target * output, target=4)[1]     # always downhill
    -4.0
    """
    far = positive("reach", reach)
    near = far / 2
    left, right = (
        (float(loss(target, side * far)) - float(loss(target, side * near))) / (far - near)
        for side in (-1, 1)
    )
    return _or_zero(left), _or_zero(right)


def memorised(model: Recommender, log: Interactions) -> float:
    """The share of users whose newest item comes first, given what came before it.

    A model that was trained on these very users, some ten of them, for long enough, should reach
    1.0 or nearly; one that cannot has no way from its input to its answer, and more data will not
    help.

    Args:
        model: fitted on this log.
        log: of a few users with two items or more; others do not count.

    Raises:
        ValueError: if nobody has two items, or the log has another catalogue.

    >>> from attnrec_lite.models import Popularity, Successors
    >>> log = Interactions.from_columns([0, 0, 1, 1], [1, 2, 3, 4], [0, 1, 0, 1])
    >>> memorised(Successors(log.items).fit(log), log)
    1.0
    >>> memorised(Popularity(log.items).fit(log), log)
    0.0
    """
    model._check_log(log)
    bounds = log.bounds()
    first, last = bounds[:-1], bounds[1:]
    rows = [(a, b) for a, b in zip(first, last, strict=True) if b - a >= 2]
    if not rows:
        raise ValueError("log: expected somebody with two items or more; received nobody")
    hits = [
        model.recommend(log.item[None, a : b - 1], k=1, exclude_seen=False)[0][0, 0]
        == log.item[b - 1]
        for a, b in rows
    ]
    return float(np.mean(hits))


def asked_again(
    models: Sequence[Recommender], history: ArrayLike, k: int
) -> list[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """What saved models recommend when a new Python process loads them.

    A model is saved whole if the answers are those that it gives here, to the last bit on a CPU.

    Args:
        models: fitted, all with one catalogue.
        history: as for ``Recommender.recommend``.
        k: as for ``Recommender.recommend``.

    Returns:
        For each model ids and scores, as ``Recommender.recommend`` returns them.

    Raises:
        RuntimeError: if the new process fails; the last line of what it said is in the message.

    >>> from attnrec_lite.models import Successors
    >>> log = Interactions.from_columns([0, 0, 1, 1], [1, 2, 3, 4], [0, 1, 0, 1])
    >>> [(ids, scores)] = asked_again([Successors(log.items).fit(log)], [[1]], k=2)
    >>> ids
    array([[2, 3]], dtype=int32)
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "history.npy", np.asarray(history))
        paths = [model.save(folder / f"{i}.npz") for i, model in enumerate(models)]
        asks = [str(folder / "history.npy"), str(k), *map(str, paths)]
        command = [sys.executable, "-c", _ASK_AGAIN, *asks]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise RuntimeError(f"the new process failed: {said[-1] if said else 'it said nothing'}")
        found = []
        for path in paths:
            with np.load(path) as answer:
                found.append((answer["arr_0"], answer["arr_1"]))
    return found


def _or_zero(slope: float) -> float:
    return slope if abs(slope) >= 1e-9 else 0.0


def _numbers(value: Any) -> NDArray[np.float64]:
    found = np.asarray(value, np.float64)
    if not np.isfinite(found).all():
        raise ValueError("answer: expected finite numbers; received NaN or inf")
    return found
