"""What Spark gives equals what is made in memory, row for row."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import Interactions, Vocabulary, left_pad, make_shop
from attnrec_lite.models import Popularity, SASRec, Successors

spark = pytest.importorskip("attnrec_lite.engines.spark")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def session():
    session = spark.local_session(2, "1g")
    yield session
    session.stop()


def frame(session, user, item, time):
    """Events in a shuffled order; ``place`` is that of the file."""
    rows = list(zip(user, item, time, range(len(user)), strict=True))
    np.random.default_rng(0).shuffle(rows)
    kind = "string" if isinstance(item[0], str) else "long"
    schema = f"user long, item {kind}, time long, place long"
    return session.createDataFrame(rows, schema).repartition(5)


def in_memory(log, length=None):
    cut = log.bounds()
    return {
        log.user_ids[u].item(): log.item[cut[u] : cut[u + 1]][-(length or 0) :].tolist()
        for u in range(log.n_users)
    }


def collected(table):
    return {row["user"]: list(row["items"]) for row in table.collect()}


@pytest.fixture(scope="module")
def columns():
    """Many events of one second, repeated events, users with one."""
    rng = np.random.default_rng(1)
    user, item = rng.integers(0, 90, 1500) * 7, rng.zipf(1.5, 1500) % 50 * 3
    return user.tolist(), item.tolist(), rng.integers(0, 40, 1500).tolist()


@pytest.mark.parametrize("length", [None, 1, 5])
def test_sequences_are_those_of_the_table(session, columns, length):
    log = Interactions.from_columns(*columns, duplicates="keep")
    events = frame(session, *columns)
    items = spark.vocabulary(events)
    assert items.raw.tolist() == log.items.raw.tolist()
    found = collected(spark.sequences(events, items, length))
    assert found == in_memory(log, length)
    without = spark.sequences(events.withColumn("place", events.time * 0), items, length)
    assert collected(without) != found or length == 1  # place is what decides among ties


def test_words_are_items_too(session):
    columns = [3, 3, 1], ["tea", "pot", "tea"], [9, 5, 7]
    events = frame(session, *columns)
    items = spark.vocabulary(events)
    assert items.raw.tolist() == ["pot", "tea"]
    assert collected(spark.sequences(events, items)) == {3: [1, 2], 1: [2]}


@pytest.mark.parametrize("kind", [Successors, SASRec])
def test_all_users_get_what_the_model_gives_them(session, tmp_path, kind):
    log = make_shop(n_users=70).log
    model = kind(log.items) if kind is Successors else SASRec(log.items, width=8, window=5)
    if kind is Successors:
        model.fit(log)
    path = model.save(tmp_path / "model.npz")
    columns = log.user_ids[log.user].tolist(), log.items.raw[log.item - 1].tolist()
    events = frame(session, *columns, log.time.tolist())
    table = spark.recommend_all(spark.sequences(events, log.items), path, 7)
    found = {row["user"]: row for row in table.collect()}
    assert set(found) == set(log.user_ids.tolist())
    mine = in_memory(log)
    ids, scores = model.recommend(left_pad(list(mine.values())), 7)
    for row, user in enumerate(mine):
        assert found[user]["items"] == log.items.raw[ids[row] - 1].tolist()
        assert_allclose(found[user]["scores"], scores[row], atol=1e-5)


def test_whoever_has_seen_everything_gets_nothing(session, tmp_path):
    log = Interactions.from_columns([0, 0, 1], [5, 6, 5], [1, 2, 3])
    path = Popularity(log.items).fit(log).save(tmp_path / "m.npz")
    table = session.createDataFrame([(0, [1, 2]), (1, [1])], "user long, items array<int>")
    found = {row["user"]: row["items"] for row in spark.recommend_all(table, path, 3).collect()}
    assert found == {0: [], 1: [6]}


def test_what_does_not_fit_is_refused(session, tmp_path):
    events = frame(session, [1, 2], [5, 6], [0, 0])
    with pytest.raises(Exception, match="item: expected one of the vocabulary; received 6"):
        spark.sequences(events, Vocabulary(np.array([5]))).collect()
    lacking = session.createDataFrame(
        [(None, 5, 0, 0)], "user long, item long, time long, place long"
    )
    with pytest.raises(Exception, match="events: expected a user, a time and a place"):
        spark.sequences(lacking, Vocabulary(np.array([5]))).collect()
    with pytest.raises(ValueError, match="^events: expected columns .*'place'.*; received"):
        spark.sequences(events.drop("place"), Vocabulary(np.array([5])))
    with pytest.raises(ValueError, match="^events: expected some"):
        spark.vocabulary(events.limit(0))
    with pytest.raises(ValueError, match="^length: "):
        spark.sequences(events, Vocabulary(np.array([5, 6])), 0)
    with pytest.raises(FileNotFoundError):
        spark.recommend_all(session.createDataFrame([(0, [1])], "user long, items array<int>"),
                            tmp_path / "none.npz")  # fmt: skip
