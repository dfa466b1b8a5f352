"""Adam in one operation gives the numbers of Keras' Adam, in less time."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.training import FusedAdam

SHAPES = ((7, 3), (5,), ())


def normal(shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


def weights_of(dtype="float32"):
    return [keras.Variable(normal(shape, 9), dtype=dtype) for shape in SHAPES]


def gradients_of(step, dtype="float32"):
    size = 10.0 ** (step % 7 - 4)  # from tiny to large, as they come in training
    return [tf.constant(size * normal(s, 100 * step + n), dtype) for n, s in enumerate(SHAPES)]


def after(optimizer, steps=50, dtype="float32"):
    weights = weights_of(dtype)
    for step in range(steps):
        optimizer.apply(gradients_of(step, dtype), weights)
    return weights


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"amsgrad": True},
        {"clipnorm": 0.5},
        {"global_clipnorm": 0.5},
        {"weight_decay": 0.1},
        {"use_ema": True},
        {"gradient_accumulation_steps": 3},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)},
    ],
    ids=lambda options: "-".join(options) or "defaults",
)
def test_fifty_steps_end_where_those_of_keras_end(options):
    options = {"learning_rate": 0.01, **options}
    ours, stock = FusedAdam(**options), keras.optimizers.Adam(**options)
    for weight, other in zip(after(ours), after(stock), strict=True):
        assert_allclose(weight.numpy(), other.numpy(), atol=1e-5 * 50 * 0.01)  # of the way moved
    for state, other in zip(ours.variables, stock.variables, strict=True):
        assert_allclose(state.numpy(), other.numpy(), rtol=2e-5, atol=1e-7, err_msg=other.path)


def test_fifty_steps_end_where_the_paper_ends():
    """Kingma and Ba (2015), last lines of section 2, in float64."""
    expected = []
    for n, shape in enumerate(SHAPES):
        w, m, v = normal(shape, 9).astype(np.float32).astype(float), 0.0, 0.0
        for t in range(1, 51):
            g = gradients_of(t - 1)[n].numpy().astype(float)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w -= 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
        expected.append(w)

    def error(optimizer):
        return max(
            np.abs(weight.numpy() - w).max()
            for weight, w in zip(after(optimizer), expected, strict=True)
        )

    # Keras takes 1 - beta exactly in the moments and rounded in their correction, which is 6
    # millionths of every step at beta = 0.999.
    assert error(FusedAdam(0.01)) < 1e-6 < error(keras.optimizers.Adam(0.01)) < 5e-6


def test_half_precision_weights_move_as_those_of_keras():
    options = {"learning_rate": 0.01, "epsilon": 1e-3}
    ours = after(FusedAdam(**options), dtype="float16")
    for weight, other in zip(
        ours, after(keras.optimizers.Adam(**options), dtype="float16"), strict=True
    ):
        assert weight.dtype == "float16"
        assert_allclose(weight.numpy(), other.numpy(), atol=0.02)


def gathered(optimizer, ids, steps=20, dense=False):
    """Rows of a table gathered by ids, some of them twice, and moved."""
    table = keras.Variable(normal((6, 2), 1), dtype="float32")
    for step in range(steps):
        with tf.GradientTape() as tape:
            rows = tf.gather(table.value, ids)
            loss = tf.reduce_sum(tf.square(rows - normal((len(ids), 2), step)))
        gradient = tape.gradient(loss, table.value)
        assert isinstance(gradient, tf.IndexedSlices)
        optimizer.apply([tf.convert_to_tensor(gradient) if dense else gradient], [table])
    return table.numpy()


@pytest.mark.parametrize("ids", [[1, 2, 3], [1, 1, 1, 2], [5, 0, 5, 0]])
def test_a_gathered_gradient_is_added_up_first(ids):
    ours = gathered(FusedAdam(0.01), ids)
    assert_array_equal(ours, gathered(FusedAdam(0.01), ids, dense=True))
    stock = gathered(keras.optimizers.Adam(0.01), ids, dense=True)
    assert_allclose(ours, stock, atol=1e-5 * 20 * 0.01)


def test_keras_squares_rows_gathered_twice_before_it_adds_them_up():
    """Why the two differ on tables: if this turns red, Keras has changed and so must our words."""
    assert_allclose(
        gathered(keras.optimizers.Adam(0.01), [1, 2]), gathered(FusedAdam(0.01), [1, 2]), atol=1e-5
    )
    stock, ours = (gathered(o(0.01), [1, 1]) for o in (keras.optimizers.Adam, FusedAdam))
    assert np.abs(stock - ours)[1].max() > 1e-3
    optimizer, table = keras.optimizers.Adam(0.01), keras.Variable(np.zeros((2, 1), np.float32))
    twice = tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([1, 1]), tf.constant([2, 1]))
    optimizer.apply([twice], [table])
    squares = optimizer.variables[3].numpy()[1, 0] / (1 - 0.999)
    assert_allclose(squares, 1**2 + 2**2, rtol=1e-4)  # and not (1 + 2)**2


def test_rows_that_were_not_gathered_move_on_by_their_momentum():
    optimizer, table = FusedAdam(0.01), keras.Variable(np.zeros((2, 1), np.float32))
    shape = tf.constant([2, 1])
    for row in (0, 1):
        optimizer.apply([tf.IndexedSlices([[1.0]], [row], shape)], [table])
        moved = table.numpy().copy()
        if row == 0:
            assert_array_equal(moved[1], 0)
            first = moved[0]
    assert moved[0] < first - 1e-3


def test_a_function_does_what_single_steps_do():
    eager, traced = weights_of(), weights_of()
    one, two = FusedAdam(0.01), FusedAdam(0.01)
    two.build(traced)
    apply = tf.function(lambda gradients: two.apply(gradients, traced))
    for step in range(5):
        one.apply(gradients_of(step), eager)
        apply(gradients_of(step))
    for weight, other in zip(eager, traced, strict=True):
        assert_allclose(weight.numpy(), other.numpy(), rtol=1e-6, atol=1e-7)


def test_a_scaled_loss_moves_weights_alike_and_an_overflow_moves_nothing():
    weights = weights_of()
    scaled = keras.optimizers.LossScaleOptimizer(FusedAdam(0.01), initial_scale=8.0)
    for step in range(5):
        scaled.apply([8.0 * g for g in gradients_of(step)], weights)
    for weight, other in zip(weights, after(FusedAdam(0.01), steps=5), strict=True):
        assert_allclose(weight.numpy(), other.numpy(), rtol=1e-5, atol=1e-6)
    before = [weight.numpy() for weight in weights]
    scaled.apply([g * np.inf for g in gradients_of(5)], weights)
    assert float(scaled.dynamic_scale) == 4.0
    for weight, was in zip(weights, before, strict=True):
        assert_array_equal(weight.numpy(), was)


def test_its_config_builds_it_again():
    optimizer = FusedAdam(0.02, beta_1=0.8, clipnorm=1.0, name="mine")
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(again) is FusedAdam
    assert again.get_config() == optimizer.get_config()


def test_its_state_is_saved_with_the_model(tmp_path):
    def made():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        model.compile(FusedAdam(0.01), loss="mse")
        return model

    data = normal((20, 3), 0), normal((20, 2), 1)
    model, again = made(), made()
    model.fit(*data, epochs=2, verbose=0, shuffle=False)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.optimizer) is FusedAdam
    for part in (model, again):
        part.fit(*data, epochs=2, verbose=0, shuffle=False)
    for weight, other in zip(model.get_weights(), again.get_weights(), strict=True):
        assert_array_equal(weight, other)


def cpu_ms(optimizer, items=20_000, width=64, steps=60):
    """CPU time of a step on a table and the gradient of 2,000 gathered rows."""
    table = keras.Variable(normal((items, width), 0), dtype="float32")
    optimizer.build([table])
    ids = np.random.default_rng(0).integers(0, items, size=2_000)
    rows = tf.constant(normal((len(ids), width), 1), tf.float32)

    @tf.function
    def step():
        optimizer.apply([tf.IndexedSlices(rows, tf.constant(ids), tf.constant([items, width]))])

    for _ in range(5):
        step()
    start = time.process_time()
    for _ in range(steps):
        step()
    return (time.process_time() - start) / steps * 1e3


@pytest.mark.slow
def test_it_is_faster_than_that_of_keras(record_property, capsys):
    stock, ours = cpu_ms(keras.optimizers.Adam(0.01)), cpu_ms(FusedAdam(0.01))
    record_property("ratio", stock / ours)
    with capsys.disabled():
        print(f"\nKeras {stock:.2f}, fused {ours:.2f} cpu ms a step: {stock / ours:.1f} times")
    assert ours < stock
