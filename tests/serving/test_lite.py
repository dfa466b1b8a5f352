"""The small file gives the same ten, and smaller weights nearly the same."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.models import Popularity, SASRec
from attnrec_lite.serving import LiteRecommender, to_lite

K = 10


@pytest.fixture(scope="module")
def lite(model, tmp_path_factory):
    return LiteRecommender(to_lite(model, tmp_path_factory.mktemp("lite") / "m.tflite", K))


def test_the_same_ten(lite, model, histories):
    assert lite.reach == 2 * (5 - 1) + 1
    for row in histories:
        row = row[-lite.reach :]
        ids, scores = lite.recommend(row[row > 0])
        wanted = model.recommend([row], K)
        assert_array_equal(ids, wanted[0][0])
        assert_allclose(scores, wanted[1][0], atol=1e-5)


def test_only_the_newest_count(lite):
    row = np.arange(1, 31)
    assert_array_equal(lite.recommend(row)[0], lite.recommend(row[-lite.reach :])[0])


def test_smaller_weights_make_a_smaller_file_and_nearly_the_same_ten(tmp_path):
    rng = np.random.default_rng(0)
    log = Interactions.from_columns(np.zeros(3000, int), rng.permutation(3000), range(3000))
    model = SASRec(log.items, width=32, window=5, seed=2)
    sizes, same = {}, {}
    histories = rng.integers(1, 3001, (20, 5))
    wanted = model.recommend(histories, K)[0]
    for weights in ("float32", "float16", "int8"):
        path = to_lite(model, tmp_path / f"{weights}.tflite", K, weights)
        sizes[weights] = path.stat().st_size
        found = [LiteRecommender(path).recommend(row)[0] for row in histories]
        pairs = zip(found, wanted, strict=True)
        same[weights] = np.mean([len(np.intersect1d(a, b)) / K for a, b in pairs])
    assert sizes["float16"] < 0.6 * sizes["float32"]
    assert sizes["int8"] < 0.7 * sizes["float32"]
    assert same["float32"] == 1
    assert same["float16"] > 0.98
    assert same["int8"] > 0.8


def test_what_is_no_such_file_is_refused(model, log, tmp_path):
    with pytest.raises(FileNotFoundError):
        LiteRecommender(tmp_path / "none.tflite")
    for content in (b"", b"not a model" * 100):
        (tmp_path / "bad.tflite").write_bytes(content)
        with pytest.raises(ValueError, match="^path: .*bad.tflite is no lite recommender"):
            LiteRecommender(tmp_path / "bad.tflite")
    with pytest.raises(ValueError, match="^weights: expected one of"):
        to_lite(model, tmp_path / "m.tflite", weights="int3")
    with pytest.raises(FileNotFoundError, match="^path: expected an existing folder"):
        to_lite(model, tmp_path / "none" / "m.tflite")
    with pytest.raises(TypeError, match="^model: "):
        to_lite(Popularity(log.items).fit(log), tmp_path / "m.tflite")
    assert not list(tmp_path.glob("*m.tflite*"))


@pytest.mark.parametrize("history", [[[1, 2]], [1.5], ["a"]])
def test_a_history_is_one_row_of_ids(lite, history):
    with pytest.raises(ValueError, match="^history: expected one row of item ids"):
        lite.recommend(history)
