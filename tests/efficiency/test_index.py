"""An index against exact search, and what it cannot be made of."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.efficiency import ItemIndex, exact_top_k, top_overlap

pytest.importorskip("faiss")


def made(n=2000, d=15, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, d))
    table = centres[rng.integers(40, size=n + 1)] + 0.3 * rng.normal(size=(n + 1, d))
    queries = centres[rng.integers(40, size=30)] + 0.3 * rng.normal(size=(30, d))
    return table.astype(np.float32), queries.astype(np.float32), rng.normal(size=n + 1) * 0.5


@pytest.mark.parametrize(
    "options",
    [{"kind": "flat"}, {"kind": "lists", "lists": 20, "probes": 20}],
    ids=lambda o: o["kind"],
)
def test_an_index_that_looks_everywhere_is_exact_with_bias_and_banned_ids(options):
    table, queries, bias = made()
    banned = np.random.default_rng(1).integers(0, len(table), (30, 7))
    ids, scores = ItemIndex(table, bias, **options).search(queries, 10, banned)
    expected = exact_top_k(queries, table, 10, bias, banned)
    assert_array_equal(ids, expected[0])
    assert_allclose(scores, expected[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kind", "least"), [("lists", 0.8), ("graph", 0.8), ("codes", 0.5)])
def test_an_index_that_looks_less_finds_most(kind, least):
    table, queries, bias = made()
    ids, scores = ItemIndex(table, bias, kind=kind).search(queries, 10)
    assert top_overlap(ids, exact_top_k(queries, table, 10, bias)[0]).mean() >= least
    assert (np.diff(scores, axis=1) <= 1e-5).all()
    assert ids.min() >= 1


def test_more_probes_find_more():
    table, queries, bias = made()
    exact = exact_top_k(queries, table, 10, bias)[0]
    found = [
        top_overlap(ItemIndex(table, bias, lists=40, probes=p).search(queries, 10)[0], exact).mean()
        for p in (1, 4, 40)
    ]
    assert found[0] < found[1] <= found[2] == 1.0


def test_codes_take_a_fraction_of_the_bytes():
    table, _, _ = made(n=20_000, d=63)
    assert (
        ItemIndex(table, kind="codes", parts=16).nbytes < ItemIndex(table, kind="flat").nbytes / 8
    )


def test_a_list_longer_than_what_is_found_ends_in_nothing():
    table, queries, _ = made(n=12)
    ids, scores = ItemIndex(table, kind="flat").search(queries, 20)
    assert (np.sort(ids, axis=1)[:, -12:] == np.arange(1, 13)).all()
    assert not ids[:, 12:].any()
    assert np.isneginf(scores[:, 12:]).all()
    few = ItemIndex(table, kind="lists", lists=12, probes=1).search(queries, 12)[0]
    assert (few == 0).any()  # one list does not hold twelve items
    everything = np.tile(np.arange(1, 13), (30, 1))
    assert not ItemIndex(table, kind="flat").search(queries, 3, everything)[0].any()


def test_one_item_and_the_usual_options_make_an_index():
    assert ItemIndex([[0.0], [1.0]]).search([[1.0]], 2)[0].tolist() == [[1, 0]]
    assert ItemIndex([[0.0], [1.0]], kind="graph").search([[1.0]], 1)[0].tolist() == [[1]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ItemIndex(np.ones((5, 2)), lists=9), "^lists: expected at most one per item, 4;"),
        (
            lambda: ItemIndex(np.ones((9, 2)), lists=2, probes=3),
            "^probes: expected at most lists=2",
        ),
        (lambda: ItemIndex(np.ones((9, 2)), kind="codes"), "^table: codes need at least 256 items"),
        (
            lambda: ItemIndex(np.ones((9, 2)), kind="tree"),
            "^kind: expected one of flat, lists, gra",
        ),
        (lambda: ItemIndex([[0.0], [np.nan]]), "^table: expected finite numbers"),
        (lambda: ItemIndex([[0.0]]), "^table: expected padding and an item"),
        (lambda: ItemIndex(np.ones((3, 2)), [1.0]), "^bias: expected 3 finite numbers"),
        (lambda: ItemIndex(np.ones((3, 2))).search([[1.0]], 1), "^table: expected .* of width 1"),
        (lambda: ItemIndex(np.ones((3, 2))).search([[1.0, 1.0]], 0), "^k: expected an integer"),
        (lambda: ItemIndex(np.ones((3, 2))).search([[1.0, 1.0]], 1, [[3]]), "^banned: expected"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_rest_of_the_package_needs_neither_faiss_nor_tensorflow():
    code = (
        "import sys; from attnrec_lite.efficiency import QuantisedTable, exact_top_k;"
        "print(sorted({'faiss', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
