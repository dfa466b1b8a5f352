"""Costs against counting loops, and crossings against both sides of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnrec_lite.formulas import (
    attention_cost,
    cheaper_from,
    energy_like_cost,
    factor_parameters,
    multiply_adds,
    truncated_svd,
)

quick = settings(deadline=None, max_examples=60)
sizes = st.integers(1, 7)


def looped(n, d, route, size, h):
    """Multiply-adds, one at a time, of scores and sums."""
    done, each = 0, d // h
    for _ in range(h):
        if route == "linear":
            for _ in range(n):  # one item: its outer product, its answer, its norm
                done += each * each + each * each + each
        elif route == "low_rank":
            done += 2 * sum(1 for _ in range(size) for _ in range(n) for _ in range(each))
            done += 2 * sum(1 for _ in range(n) for _ in range(size) for _ in range(each))
        else:
            for i in range(n):
                first = {"full": 0, "causal": 0, "window": max(0, i - size + 1)}[route]
                last = n if route == "full" else i + 1
                done += 2 * each * (last - first)
    return done


@quick
@given(sizes, sizes, sizes, sizes, st.sampled_from(["full", "causal", "window", "low_rank"]))
def test_the_count_is_what_a_loop_multiplies(n, each, heads, size, route):
    found = attention_cost(n, each * heads, route, size, heads)
    assert found["multiply_adds"] == looped(n, each * heads, route, size, heads)


@quick
@given(sizes, sizes, sizes)
def test_the_linear_count_is_what_a_loop_multiplies(n, each, heads):
    found = attention_cost(n, each * heads, "linear", heads=heads)
    assert found["multiply_adds"] == looped(n, each * heads, "linear", 1, heads)


@quick
@given(sizes, sizes, sizes)
def test_full_is_the_count_of_a_whole_layer_and_heads_multiply_memory_alone(n, each, heads):
    whole = multiply_adds(n, n, each * heads, heads)
    found = attention_cost(n, each * heads, heads=heads)
    assert found["multiply_adds"] == whole["scores"] + whole["sums"]
    assert found["stored"] == whole["weights"] == heads * n * n


def test_the_figures_of_the_sources():
    """S2-I1: what a window saves is scores; S0-Q2: a causal half; S1-I18: factors of a matrix."""
    pairs = attention_cost(512, 64, "window", 32)["stored"]
    assert pairs == 512 * 32 - 32 * 31 // 2 == 15_888
    assert attention_cost(512, 64, "causal")["stored"] == 512 * 513 // 2
    assert factor_parameters(512, 512, 32)["factors"] == 32_768


@quick
@given(
    st.sampled_from([("linear", "full"), ("low_rank", "full"), ("window", "causal")]),
    st.integers(1, 60), sizes, st.integers(1, 40),
)  # fmt: skip
def test_at_the_crossing_a_route_gets_cheaper_and_stays_so(routes, each, heads, size):
    route, rival = routes
    d = each * heads
    n = cheaper_from(route, d, size, heads)

    def saved(length):
        ours = attention_cost(length, d, route, size, heads)["multiply_adds"]
        return attention_cost(length, d, rival, size, heads)["multiply_adds"] - ours

    assert saved(n) > 0
    assert saved(n + 1) > 0
    assert n == 1 or saved(n - 1) <= 0


@quick
@given(st.integers(1, 40), st.integers(1, 40))
def test_factors_save_below_the_rank_that_is_named(m, n):
    limit = factor_parameters(m, n, 1)["pays_below"]
    at, below = factor_parameters(m, n, limit), factor_parameters(m, n, max(1, limit - 1))
    assert at["factors"] >= at["whole"]
    assert limit == 1 or below["factors"] < below["whole"]


def test_factors_of_the_best_kind_hold_what_the_count_says():
    w = np.random.default_rng(0).normal(size=(12, 8))
    vectors, _ = truncated_svd(w, 3)
    assert vectors.size + 3 * 8 == factor_parameters(12, 8, 3)["factors"]


def test_moving_a_number_costs_more_than_multiplying_it():
    assert energy_like_cost(1, 0) == pytest.approx(4.6e-6)
    assert energy_like_cost(0, 4) / energy_like_cost(1, 0) == pytest.approx(640 / 4.6)
    assert energy_like_cost(100, 100, "int8") < energy_like_cost(100, 400)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_cost(0, 4), "^length: expected an integer of at least 1; received 0"),
        (lambda: attention_cost(4, 6, heads=4), "^width: expected a multiple of heads=4; rec.* 6"),
        (lambda: attention_cost(4, 4, "flash"), "^route: expected one of full, causal, window"),
        (lambda: attention_cost(4, 4, "window", 0), "^size: expected an integer"),
        (lambda: cheaper_from("full", 4), "^route: expected one of linear, low_rank, window"),
        (lambda: cheaper_from("low_rank", 4, 0), "^size: expected an integer"),
        (lambda: factor_parameters(4, 4, 0), "^rank: expected an integer"),
        (lambda: energy_like_cost(-1, 0), "^multiply_adds: expected an integer of at least 0"),
        (lambda: energy_like_cost(1, 1, "int4"), "^number: expected one of float32, float16, int8"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
