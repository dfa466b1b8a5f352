"""The probes pass a good model and flag the planted faults, on vectors, on ids, on Keras layers."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.attention import MultiHeadAttention, Positions
from attnrec_lite.probes import future_leak, influence, order_change

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(3, 6, 4))
IDS = np.array([[0, 0, 3, 1, 4, 2], [5, 1, 2, 6, 3, 7], [0, 0, 0, 0, 0, 8]])


def masked_attention(seen):
    return lambda x: np.asarray(x) + formulas.attend(x, x, x, seen)[0]


def centred(x):
    return masked_attention(np.tri(6, dtype=bool))(x - x.mean(axis=1, keepdims=True))


GOOD = masked_attention(np.tri(6, dtype=bool))
PLANTED = {
    "no mask": masked_attention(np.ones((6, 6), bool)),
    "off by one": masked_attention(np.tri(6, k=1, dtype=bool)),
    "a mean over time": centred,
}


def test_a_causal_model_has_a_leak_of_exactly_0_and_a_full_lower_triangle():
    moved = influence(GOOD, VECTORS)
    assert_array_equal(np.triu(moved, k=1), 0.0)
    assert (moved[np.tri(6, dtype=bool)] > 1e-3).all()
    assert future_leak(GOOD, VECTORS) == 0.0


@pytest.mark.parametrize("name", PLANTED)
def test_planted_leaks_are_flagged(name):
    assert future_leak(PLANTED[name], VECTORS) > 1e-2


def test_a_mask_that_is_off_by_one_lights_up_one_diagonal_and_no_other():
    moved = influence(PLANTED["off by one"], VECTORS)
    assert (np.diagonal(moved, 1) > 1e-3).all()
    assert_array_equal(np.triu(moved, k=2), 0.0)


def test_a_batch_norm_over_time_leaks_in_training_and_not_after():
    norm = keras.layers.BatchNormalization()
    norm.build(VECTORS.shape)
    assert future_leak(lambda x: norm(x.astype("float32"), training=True), VECTORS) > 1e-2
    assert future_leak(lambda x: norm(x.astype("float32"), training=False), VECTORS) == 0.0


def test_a_leak_into_a_single_output_of_a_single_row_is_found():
    def faint(x):
        z = GOOD(x)
        z[1, 0, 2] += 1e-6 * x[1, -1, 3]
        return z

    moved = influence(faint, VECTORS)
    above = np.triu(moved, k=1)
    assert np.argwhere(above > 0).tolist() == [[0, 5]]


@pytest.mark.parametrize("causal", [True, False])
def test_keras_networks_on_ids_are_probed_too(causal):
    ids = keras.Input((6,), dtype="int32")
    x = Positions(6, seed=1)(keras.layers.Embedding(9, 4)(ids))
    model = keras.Model(ids, MultiHeadAttention(1, 4, causal=causal, seed=0)(x)[0])
    leak = future_leak(model, IDS)
    assert leak == 0.0 if causal else leak > 1e-3


def test_padding_is_never_edited_and_every_real_item_is():
    seen = []

    def watch(x):
        seen.append(x.copy())
        return np.zeros((*x.shape, 1))

    influence(watch, IDS, tries=3)
    for edited in seen:
        assert_array_equal(edited > 0, IDS > 0)
    for number, edited in enumerate(seen[1:]):  # three tries for each place, in order
        place = np.arange(6) == number // 3
        assert_array_equal(edited != IDS, (IDS > 0) & place)
    assert set(np.unique(seen)) <= {0, *np.unique(IDS)}


def test_an_own_edit_is_used():
    moved = influence(lambda x: np.cumsum(x, axis=1), np.zeros((1, 3, 1)), lambda c, rng: c + 2)
    assert_array_equal(moved, 2 * np.tri(3))


def test_the_same_seed_gives_the_same_numbers_and_the_input_is_left_alone():
    before = VECTORS.copy()
    assert_array_equal(influence(GOOD, VECTORS, seed=3), influence(GOOD, VECTORS, seed=3))
    assert not np.array_equal(influence(GOOD, VECTORS, seed=3), influence(GOOD, VECTORS, seed=4))
    order_change(GOOD, VECTORS)
    assert_array_equal(VECTORS, before)


# ---- order ---------------------------------------------------------------------------------------

MATRICES = RNG.normal(size=(2, 3, 4, 4)) / 2


def stack(layers, positions, causal):
    seen = formulas.visible(np.ones(6, bool), causal=causal)

    def answer(x):
        x = formulas.add_positions(x, formulas.sinusoids(6, 4)) if positions else x
        for w in MATRICES[:layers]:
            x = x + formulas.attend(*formulas.project(x, *w), seen)[0]
        return x

    return answer


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_only_positions_or_two_causal_layers_know_the_order(layers, positions, causal):
    change = order_change(stack(layers, positions, causal), VECTORS)
    knows = positions or (causal and layers == 2)
    assert change > 1e-2 if knows else change < 1e-12


def test_the_newest_item_and_padding_keep_their_places():
    seen = []

    def watch(x):
        seen.append(x.copy())
        return np.zeros(x.shape)

    order_change(watch, IDS, tries=8)
    for mixed in seen:
        assert_array_equal(mixed[:, -1], IDS[:, -1])
        assert_array_equal(mixed > 0, IDS > 0)
        assert_array_equal(np.sort(mixed, axis=1), np.sort(IDS, axis=1))
    assert any((mixed != IDS).any() for mixed in seen)


def test_a_sum_does_not_care_for_order_and_a_weighted_one_does():
    assert order_change(lambda x: np.cumsum(x, axis=1), VECTORS) < 1e-12
    ages = np.arange(6)[:, None]
    assert order_change(lambda x: np.cumsum(ages * x, axis=1), VECTORS) > 0.1


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("probe", [influence, future_leak, order_change])
@pytest.mark.parametrize(
    ("answer", "history", "message"),
    [
        (GOOD, np.zeros((2, 3)), r"^history: expected integer ids .*received float64 of shape"),
        (GOOD, np.zeros((0, 3, 1)), "^history: expected integer ids"),
        (GOOD, np.zeros((1, 3, 1), int), "^history: expected integer ids"),
        (lambda x: x[:, -1], VECTORS, r"^answer: expected shape \(3, 6\) and more, one answer per"),
        (lambda x: x * np.nan, VECTORS, "^answer: expected finite numbers"),
    ],
)
def test_errors_name_the_argument(probe, answer, history, message):
    with pytest.raises(ValueError, match=message):
        probe(answer, history)


def test_one_item_cannot_be_exchanged_and_no_try_is_no_probe():
    with pytest.raises(ValueError, match="^history: expected two different items or more"):
        influence(lambda x: x, np.array([[0, 4, 4]]))
    with pytest.raises(ValueError, match="^tries: expected an integer of at least 1"):
        influence(GOOD, VECTORS, tries=0)


def test_probes_do_not_wait_for_tensorflow():
    code = "import sys, attnrec_lite.probes; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_noise_is_as_large_as_the_spread_of_the_vectors():
    large = influence(lambda x: x, 1000 * VECTORS)
    small = influence(lambda x: x, VECTORS)
    assert_allclose(np.diagonal(large), 1000 * np.diagonal(small))


def test_an_edit_that_turns_ids_into_fractions_is_refused():
    with pytest.raises(ValueError, match=r"^edit: expected int\d+, as history; returned float64"):
        influence(lambda x: x[..., None], np.array([[1, 2, 3]]), edit=lambda c, rng: c + 0.5)
