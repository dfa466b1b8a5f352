"""The two pools of chapter 10 do in the browser what the package does."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from attnrec_lite import formulas

NAMES = ("kettles", "tablecloths", "ice buckets")


def script(root, name):
    """The Python side of a figure, as the build loads it."""
    spec = importlib.util.spec_from_file_location(name, root / "book" / "moving" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def figure(visit, address):
    """The figure on its page, its table opened."""
    page = visit(address).open(f"{address}/book/user-item-interaction.html")
    found = page.locator("figure:has(script[data-moving='pooling'])")
    found.locator("details.moving-numbers summary").click()
    return found


def rows(figure):
    return [row.locator("th, td").all_inner_texts() for row in figure.locator("tbody tr").all()]


def put(figure, counts):
    for name, count in zip(NAMES, counts, strict=True):
        figure.get_by_label(name, exact=True).fill(str(count))


def test_the_pools_are_those_of_the_package_for_every_history(figure, root):
    pooling = script(root, "pooling")
    data = pooling.data()
    assert rows(figure) == pooling.table(data)[1]
    for counts in ([8, 1, 1], [3, 0, 2], [0, 0, 1], [0, 0, 0], [1, 8, 8]):
        put(figure, counts)
        expected = pooling.pools(data, counts)[1]
        assert rows(figure) == expected
        drawn = figure.locator("svg text").all_text_contents()
        for row in (*expected[:4], expected[5]):  # the vector stands in the sentence
            assert set(row[3:]) <= set(drawn)
        said = figure.locator(".moving-says").inner_text()
        assert all(context in said for context in expected[4][3:])


def test_a_copy_adds_to_the_sum_and_only_shifts_the_shares(figure):
    more = figure.get_by_role("button", name="One more kettle")
    for copies in (2, 3, 4):
        more.click()
        kettle, *_, total = rows(figure)[:4]
        assert kettle[1:4] == [str(copies), "1.00", f"{copies:.2f}"]
        share = formulas.weight_of_copies([1.0, 1.0, 0.0], 0, copies)
        assert kettle[4] == f"{share:.2f}"
        assert total[3:] == [f"{copies + 1:.2f}", "1.00"]


def test_a_history_told_twice_doubles_the_sum_and_leaves_the_softmax_as_it_was(figure):
    before = np.array(rows(figure))
    figure.get_by_role("button", name="The whole history twice").click()
    after = np.array(rows(figure))
    assert (after[:, 4] == before[:, 4]).all()
    numbers = [0, 1, 2, 3, 5]
    np.testing.assert_allclose(
        after[numbers, 3].astype(float), 2 * before[numbers, 3].astype(float), atol=0.011
    )
    figure.get_by_role("button", name="Start again").click()
    assert (np.array(rows(figure)) == before).all()


def test_no_more_copies_than_the_axis_holds(figure):
    put(figure, [8, 1, 1])
    assert figure.get_by_role("button", name="One more kettle").is_disabled()
    assert figure.get_by_role("button", name="The whole history twice").is_disabled()
