"""Each question flags the fault that it is for, and passes a program without it."""

import subprocess
import sys
import tempfile
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.checklist import (
    answers,
    asked_again,
    attempt,
    distinct,
    end_slopes,
    memorised,
    moved_by,
    slopes,
)
from attnrec_lite.data import Interactions
from attnrec_lite.models import ItemKNN, Popularity, QKVRecommender, Recommender, Successors

RNG = np.random.default_rng(0)
QUERY, KEYS = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 5, 4))
LOG = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 3, 4, 5, 6], [0, 1] * 3)


def attention(query, keys, axis):
    weights = formulas.softmax(np.einsum("bd,bnd->bn", query, keys)[:, None], axis=axis)
    return (weights @ keys)[:, 0]


def test_a_softmax_over_one_element_hears_no_query_and_the_right_axis_does():
    lone = moved_by(lambda query, keys: attention(query, keys, 1), query=QUERY, keys=KEYS)
    right = moved_by(lambda query, keys: attention(query, keys, 2), query=QUERY, keys=KEYS)
    assert lone["query"] == 0.0
    assert lone["keys"] > 0.1
    assert min(right.values()) > 0.1


def test_a_linear_score_of_a_pair_cancels_its_query_up_to_rounding():
    def linear(query):
        return formulas.softmax((query[:, None] + KEYS).sum(-1))

    assert moved_by(linear, query=QUERY)["query"] < 1e-12


def test_an_order_that_does_not_count_is_not_taken_for_deafness():
    assert moved_by(lambda x: x.sum(axis=0), x=[[1.0], [2.0]])["x"] == 1.0


def test_only_the_first_or_only_the_last_row_may_count():
    for row in (0, -1):
        assert moved_by(lambda x, row=row: x[row], x=[[1.0], [2.0], [4.0]])["x"] == 3.0


@pytest.mark.parametrize("value", [3, [1], [[1, 2], [1, 2]], np.zeros((0, 2))])
def test_inputs_that_cannot_change_are_refused(value):
    with pytest.raises(ValueError, match="query: expected two rows that differ"):
        moved_by(lambda query: query, query=value)


def test_answers_that_are_no_numbers_or_change_their_shape_are_refused():
    with pytest.raises(ValueError, match="answer: expected finite numbers"):
        moved_by(lambda x: x * np.inf, x=[[1.0], [2.0]])
    with pytest.raises(ValueError, match=r"answer: expected shape \(2,\) again; received \(1,\)"):
        moved_by(lambda x: np.unique(x), x=[1, 2])


class Lone(tf.Module):
    """S2's pair: one score, one weight."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis
        self.attend = tf.Variable(RNG.normal(size=4), name="attend", dtype="float32")

    def __call__(self):
        keys = tf.constant(KEYS, tf.float32)
        weights = tf.nn.softmax(tf.einsum("bnd,d->bn", keys, self.attend)[:, None], axis=self.axis)
        return tf.reduce_sum(tf.matmul(weights, keys) ** 2)


def test_slopes_are_exactly_0_behind_a_softmax_over_one_element():
    assert slopes(lone := Lone(1), lone) == {"attend": 0.0}
    assert slopes(right := Lone(2), right)["attend"] > 0.01


@pytest.mark.filterwarnings("ignore:`build\\(\\)` was called")  # Keras sees the unbuilt layer, too
def test_a_layer_that_is_not_called_has_slope_0_and_one_never_built_is_not_there():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.idle, self.unbuilt = (
                keras.layers.Dense(2, name=name) for name in ("used", "idle", "unbuilt")
            )
            self.idle.build((None, 4))

        def call(self, x):
            return self.used(x)

    net = Net()
    found = slopes(net, lambda: keras.ops.sum(net(QUERY.astype("float32"))))
    part = {steep > 0: set() for steep in found.values()}
    for name, steep in found.items():
        part[steep > 0].add("/".join(name.split("/")[-2:]))
    assert part == {True: {"used/kernel", "used/bias"}, False: {"idle/kernel", "idle/bias"}}


def test_slopes_of_a_table_are_dense_numbers_though_its_gradient_is_sparse():
    table = keras.layers.Embedding(7, 2, name="table")
    table.build()
    found = slopes(table, lambda: keras.ops.sum(table(np.array([[1, 1, 3]]))))
    assert list(found.values()) == [2.0]  # row 1 was read twice


def test_two_variables_of_one_name_are_two_and_nothing_to_train_is_nothing():
    class Pair(tf.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = tf.Variable(1.0, name="w"), tf.Variable(1.0, name="w")

    pair = Pair()
    assert slopes(pair, lambda: pair.a * 3 + pair.b * 0) == {"w": 3.0, "w (2)": 0.0}
    assert slopes(keras.Model(), lambda: tf.constant(1.0)) == {}


def test_distinct_counts_rows_in_and_out():
    table = RNG.normal(size=(9, 2))
    assert distinct(lambda x: formulas.lookup(table, x), RNG.random(50)) == (50, 1)
    assert distinct(lambda x: formulas.lookup(table, x), [3, 4, 3]) == (2, 2)
    with pytest.raises(ValueError, match="answer: expected one result for each of 2 rows"):
        distinct(np.sum, [1, 2])


@pytest.mark.parametrize("label", [0, 0.3, 1])
def test_end_slopes_of_a_label_are_not_below_0(label):
    assert min(end_slopes(lambda y, out: formulas.logistic_loss(out, y), label)) >= 0


@pytest.mark.parametrize(("label", "side", "slope"), [(4, 1, -3), (-1, 0, -1)])
def test_end_slopes_find_the_side_without_a_bottom(label, side, slope):
    found = end_slopes(lambda y, out: formulas.logistic_loss(out, y), label)
    assert found[side] == pytest.approx(slope)
    assert found[1 - side] > 0


def test_end_slopes_refuse_a_reach_of_nothing():
    with pytest.raises(ValueError, match="reach: expected a finite number above 0; received 0"):
        end_slopes(lambda y, out: out, 1, reach=0)


def test_ten_by_heart():
    assert memorised(Successors(LOG.items).fit(LOG), LOG) == 1.0
    assert memorised(Popularity(LOG.items).fit(LOG), LOG) < 0.5
    with pytest.raises(ValueError, match="somebody with two items"):
        memorised(Popularity(LOG.items).fit(LOG), LOG.select(np.array([0])))


def test_a_saved_model_answers_the_same_in_another_process():
    models = [Successors(LOG.items).fit(LOG), ItemKNN(LOG.items).fit(LOG)]
    for model, (ids, scores) in zip(models, asked_again(models, [[1], [3]], k=3), strict=True):
        here, ours = model.recommend([[1], [3]], k=3)
        assert_array_equal(ids, here)
        assert_array_equal(scores, ours)


def test_a_model_that_no_other_process_knows_is_told_by_its_last_line():
    class Mine(Popularity):
        """Not registered, as a class of a notebook is not."""

    with pytest.raises(RuntimeError, match="the new process failed: .*'Mine'"):
        asked_again([Mine(LOG.items).fit(LOG)], [[1]], k=1)
    assert issubclass(Mine, Recommender)


def test_the_checklist_does_not_wait_for_tensorflow():
    code = "import sys, attnrec_lite.checklist; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_attempt_prints_the_line_and_the_error_without_paths_of_the_machine(capsys):
    def fail():
        raise ValueError(f"{tempfile.gettempdir()}/folder/a.h5\nsecond line")

    assert attempt("fail()", {"fail": fail}) is None
    assert capsys.readouterr().out == "fail()\n    ValueError: a.h5\n"
    assert attempt("1 + x", {"x": 2}) == 3
    assert capsys.readouterr().out == "1 + x\n    no error, 3\n"


def test_an_attempt_tells_warnings_to_users_and_no_others(capsys):
    def warn(kind):
        warnings.warn("mind", kind, stacklevel=1)

    for kind, told in ((UserWarning, True), (DeprecationWarning, False)):
        attempt("warn(kind)", {"warn": warn, "kind": kind})
        assert ("UserWarning: mind" in capsys.readouterr().out) == told


def test_the_first_four_answers_of_a_healthy_model():
    model = QKVRecommender(LOG.items, width=4, window=3).fit(LOG, epochs=1)
    rows, follows = np.int32([[1, 3], [3, 5]]), np.int32([[2, 4], [4, 6]])
    found = list(answers(model, rows, follows).values())
    assert found[0] > 0
    assert found[2:] == [(2, 2), 0]
    assert found[1] == sum(np.size(w) for w in model._arrays().values())
