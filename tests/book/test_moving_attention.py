"""The playground, the axis picker and the mask painter show the numbers of the package."""

from __future__ import annotations

import re

import numpy as np
import pytest

from attnrec_lite import formulas, probes
from attnrec_lite.data.shop import TOY_GOODS

pytestmark = pytest.mark.slow
GOODS = list(TOY_GOODS)
ROWS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"


@pytest.fixture
def figure(visit, address):
    """Opens a chapter and returns the figure of a name."""

    def found(chapter, name):
        window = visit(address)
        window.page.route("**/mathjax/**", lambda route: route.fulfill(body=""))  # seconds a page
        page = window.open(f"{address}/book/{chapter}.html")
        return page.locator(f"figure:has(script[data-moving='{name}'])")

    return found


def rows(figure) -> list[list[str]]:
    return figure.locator("details tbody tr").evaluate_all(ROWS)


def said(figure) -> str:
    return figure.locator(".moving-says").inner_text()


def slide(figure, label: str, value: float) -> None:
    figure.get_by_label(label, exact=True).and_(figure.locator("[type=range]")).fill(str(value))


def test_playground_shows_masked_softmax_entropy_and_derivative(figure):
    shown = figure("scores-and-weights", "softmax")
    temperatures, widths = (0.1, 0.2, 0.5, 1, 2, 5, 10), (1, 4, 16, 64, 256, 1024)
    settings = [
        ((1, 1, 0, -1, 0), (0, 1, 2, 3), 3, 0, False),
        ((2.5, 1, -0.7, -3, 0.3), (0, 1, 2, 3, 4), 5, 0, False),
        ((1.1, 1, 0, -1, 0), (0, 1, 2, 3), 3, 5, False),
        ((1.1, 1, 0, -1, 0), (0, 1, 2, 3), 3, 5, True),
        ((-1, 2, 0.4, 1.9, 3), (1, 3), 0, 2, False),
        ((-2, 1, 0, 0, 0), (0,), 3, 4, False),
        ((1, 1, 1, 1, 1), (), 3, 0, False),
    ]
    for scores, left, cool, width, divide in settings:
        real = np.isin(np.arange(5), left)
        for name, score, there in zip(GOODS, scores, real, strict=True):
            slide(shown, name, score)
            box = shown.get_by_label(name, exact=True).and_(shown.locator("[type=checkbox]"))
            box.set_checked(not there)
        slide(shown, "temperature τ", cool)
        slide(shown, "width d, scores grow like √d", width)
        shown.get_by_label("divide by √d", exact=True).set_checked(divide)

        s = np.array(scores) * (1 if divide else np.sqrt(widths[width]))
        a = formulas.masked_softmax(s / temperatures[cool], real)
        cells = [f"{x:.3f}" if there else "0 (masked)" for x, there in zip(a, real, strict=True)]
        assert [row[2] for row in rows(shown)] == cells
        assert [float(row[1].replace("−", "-")) for row in rows(shown)] == pytest.approx(
            s, abs=0.01
        )
        if len(left) < 2:
            assert ("weight is 1.000" if left else "every weight is 0") in said(shown)
            continue
        h, j = formulas.entropy(a), np.linalg.norm(formulas.softmax_jacobian(a))
        numbers = [float(x) for x in re.findall(r"\d+\.\d+", said(shown))]
        assert numbers == pytest.approx([h, np.exp(h), a.max(), max(j, 0.001)], abs=0.0051)
        assert ("the row is dead" in said(shown)) == (j < 0.001)


def test_playground_lets_a_score_be_dragged_and_its_slider_follows(figure):
    shown = figure("scores-and-weights", "softmax")
    grip = shown.locator(".moving-grip").nth(2)
    grip.scroll_into_view_if_needed()
    box, frame = grip.bounding_box(), shown.locator("svg").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    shown.page.mouse.move(x + 52 * frame["width"] / 520, y)  # two units of score
    shown.page.mouse.up()
    slider = shown.get_by_label("tablecloth", exact=True).first
    assert float(slider.input_value()) == pytest.approx(2, abs=0.11)
    assert slider.get_attribute("aria-valuetext").startswith(("1.9", "2.", "2.1"))


def test_playground_starts_again_from_the_shelf(figure):
    shown = figure("scores-and-weights", "softmax")
    first = rows(shown)
    for name in ("one item alone", "nothing real", "the shelf"):
        shown.get_by_role("button", name=name).click()
        assert (rows(shown) == first) == (name == "the shelf")


def test_axis_picker_shows_the_softmax_over_each_axis_and_flags_the_sums(figure):
    shown = figure("scores-and-weights", "axis")
    scores = np.array(shown.evaluate("f => JSON.parse(f.querySelector('script').text).scores"))
    for one in (False, True):
        shown.get_by_label("only the newest click asks").set_checked(one)
        s = scores[:, 2:] if one else scores
        for axis in ("2", "1", "0", "all"):
            shown.get_by_label("normalise over").select_option(axis)
            if axis == "all":
                a = formulas.softmax(s.ravel()).reshape(s.shape)
            else:
                a = formulas.softmax(s, axis=int(axis))
            weights = [[float(x) for x in row[1:-1]] for row in rows(shown)]
            np.testing.assert_allclose(weights, a.reshape(-1, 4), atol=0.00051)
            sums = [a.sum(2), a.sum(1), a.sum(0)]
            words = [f"{np.isclose(x, 1).sum()} of {x.size}" for x in sums]
            assert re.findall(r"\d+ of \d+", said(shown)) == words
            flags = shown.locator("svg text").all_text_contents()
            signs = [text for text in flags if re.match(r"[✓✗] \d", text)]
            expected = [("✓" if np.isclose(x, 1) else "✗") for part in sums for x in part.ravel()]
            assert sorted(text[0] for text in signs) == sorted(expected)
            values = sorted(float(text[2:]) for text in signs)
            together = np.sort(np.concatenate([part.ravel() for part in sums]))
            np.testing.assert_allclose(values, together, atol=0.0051)


def test_axis_picker_with_one_query_and_axis_one_gives_every_weight_1(figure):
    shown = figure("scores-and-weights", "axis")
    shown.get_by_label("only the newest click asks").check()
    shown.get_by_label("normalise over").select_option("1")
    assert {cell for row in rows(shown) for cell in row[1:-1]} == {"1.000"}


def heard(figure) -> np.ndarray:
    """What the right square says: row = output, column = input."""
    table = np.zeros((6, 6), bool)
    for i, row in enumerate(rows(figure)):
        table[i, [int(j) - 1 for j in re.findall(r"\d", row[2])]] = True
    return table


def reached(mask: np.ndarray, layers: int) -> np.ndarray:
    """What the probe finds in a stack of real attention layers with this mask."""
    rng = np.random.default_rng(0)
    x = rng.normal(scale=0.3, size=(4, 6, 8))  # small: no weight is lost to rounding

    def answer(tokens):
        for _ in range(layers):
            tokens = tokens + formulas.attend(tokens, tokens, tokens, mask)[0]
        return tokens

    return probes.influence(answer, x) > 0


def test_mask_painter_says_who_hears_from_whom_as_the_probe_finds_it(figure):
    shown = figure("queries-keys-values", "mask")
    data = shown.evaluate("f => JSON.parse(f.querySelector('script').text).masks")
    for name, mask in data.items():
        shown.get_by_label("start from").select_option(name)
        for layers in (1, 2, 3, 4):
            slide(shown, "layers", layers)
            found = reached(np.array(mask, bool), layers)
            np.testing.assert_array_equal(heard(shown), found, err_msg=f"{name}, {layers}")
            leaks = int(np.triu(found, 1).sum())
            assert (f"Leak: {leaks} of them" if leaks else "No leak") in said(shown)
            assert f"{found.sum()} of 36" in said(shown)
            marks = shown.locator("svg text").all_text_contents()
            assert marks.count("!") == leaks
            oldest = "hears from the oldest" if found[-1, 0] else "does not hear from the oldest"
            assert oldest in said(shown)
    full = np.ones(6, bool)
    window = formulas.visible(full, causal=True, window=3)
    np.testing.assert_array_equal(np.array(data["causal, window of 3"], bool), window)


def test_mask_painter_is_painted_by_mouse_and_by_arrow_keys_and_space(figure):
    shown = figure("queries-keys-values", "mask")
    page, mask = shown.page, formulas.visible(np.ones(6, bool), causal=True)

    def cell(i, j):
        return shown.get_by_role("button", name=f"query {i + 1} may look at key {j + 1}")

    cell(1, 4).click()
    mask[1, 4] = True
    np.testing.assert_array_equal(heard(shown), reached(mask, 1))
    cell(0, 0).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "Space"):
        page.keyboard.press(key)
    mask[0, 1] = True
    assert cell(0, 1).get_attribute("aria-pressed") == "true"
    assert shown.locator("[role=button][tabindex='0']").count() == 1
    slide(shown, "layers", 2)
    np.testing.assert_array_equal(heard(shown), reached(mask, 2))
    corners = [cell(3, 5).bounding_box(), cell(5, 5).bounding_box()]
    (x, top), (_, bottom) = [(b["x"] + b["width"] / 2, b["y"] + 8) for b in corners]
    page.mouse.move(x, top)
    page.mouse.down()
    page.mouse.move(x, bottom, steps=30)
    page.mouse.up()
    mask[3:6, 5] = True  # painting on with the value of the first
    np.testing.assert_array_equal(heard(shown), reached(mask, 2))
