"""Figures show the numbers that they were given, and refuse numbers that are something else."""

import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex, to_rgb
from numpy.testing import assert_allclose

from attnrec_lite import plot
from attnrec_lite.data import Vocabulary
from attnrec_lite.explain import AttentionRecord

GOODS = Vocabulary(np.arange(1, 5), np.array(["kettle", "teapot", "cup", "a very long title " * 4]))
RECORD = AttentionRecord(
    np.array([[[0, 0.2, 0.5, 0.3], [0, 1, 0, 0]], [[0, 0, 0, 0], [0, 0, 0, 0]]]),
    ("user", "head", "key"),
    np.array([[0, 1, 2, 3], [0, 0, 0, 0]]),
    "the newest item",
    GOODS,
)


@pytest.fixture(autouse=True)
def _clean_slate():
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # an earlier test of the worker may have set a style
        yield
    plt.close("all")


def labels(ticks):
    return [tick.get_text() for tick in ticks]


def drawn(ax):
    """Draw the figure for real: a layout that fails would otherwise go unseen."""
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="svg")
    return buffer.getvalue().decode()


def luminance(colour):
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot(channels, [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_use_style_sets_every_value_and_leaves_no_ground():
    plot.use_style()
    for name, value in plot.STYLE.items():
        assert plt.rcParams[name] == value or list(plt.rcParams[name]) == list(value)
    assert to_hex(plt.subplots()[1].patch.get_facecolor(), keep_alpha=True).endswith("00")


@pytest.mark.parametrize("shell", [None, object()])
def test_a_notebook_draws_svg_and_a_program_is_left_alone(shell, monkeypatch):
    asked = []
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    monkeypatch.setattr("matplotlib_inline.backend_inline.set_matplotlib_formats", asked.append)
    plot.use_style()
    assert asked == ([] if shell is None else ["svg"])


def test_without_ipython_the_style_is_set_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython.core.getipython", None)
    plot.use_style()
    assert plt.rcParams["axes.facecolor"] == "none"


def test_importing_plot_changes_no_setting():
    look = (
        "import matplotlib; before = dict(matplotlib.rcParams); import attnrec_lite.plot; "
        "assert dict(matplotlib.rcParams) == before"
    )
    subprocess.run([sys.executable, "-c", look], check=True)  # imported already in this process


def test_the_ink_is_readable_on_white_and_on_the_dark_ground():
    assert contrast(plot.INK, "white") > 3.5
    assert contrast(plot.INK, "#14181e") > 3.5


def test_the_same_figure_is_the_same_file():
    plot.use_style()
    runs = [[[0.9, 0.5]]]
    files = [drawn(plot.learning_curve({"a": runs[0]})) for _ in range(2)]
    assert files[0].split("</metadata>")[1] == files[1].split("</metadata>")[1]


# ---- heat map ----------------------------------------------------------------------------------


def test_a_heat_map_prints_each_weight_in_its_cell():
    weights = [[0.1, 0.2, 0.7], [0.0, 1.0, 0.0]]
    ax = plot.heat_map(weights, ["mia", "tom"], ["kettle", "teapot", "cup"])
    assert labels(ax.texts) == ["0.10", "0.20", "0.70", "0.00", "1.00", "0.00"]
    assert labels(ax.get_xticklabels()) == ["kettle", "teapot", "cup"]
    assert labels(ax.get_yticklabels()) == ["mia", "tom"]
    assert_allclose(ax.collections[0].get_array(), weights)
    assert "<svg" in drawn(ax)


def test_a_heavier_weight_is_a_darker_shade_on_any_ground():
    ax = plot.heat_map([[0.0, 0.3, 0.6, 1.0]], ["q"], list("abcd"))
    ax.figure.canvas.draw()
    shades = ax.collections[0].get_facecolors()
    assert_allclose(shades[:, 3], 1)  # opaque: the ground does not show through
    assert np.all(np.diff(shades[:, :3].sum(axis=1)) < 0)


def test_one_scale_for_every_heat_map():
    for weights in ([[0.5, 0.5]], [[0.01, 0.02]]):
        ax = plot.heat_map(weights, ["q"], ["a", "b"])
        assert ax.collections[0].get_clim() == (0, 1)


def test_numbers_in_a_heat_map_stand_out_from_their_cell():
    values = np.linspace(0, 1, 21)
    ax = plot.heat_map([values], ["q"], [str(i) for i in range(21)])
    for text, value in zip(ax.texts, values, strict=True):
        assert contrast(text.get_color(), np.array(plot.HEAT(value)[:3])) > 4, value


def test_a_heat_map_is_drawn_where_it_is_told_with_as_many_digits():
    figure, axes = plt.subplots(1, 2)
    assert plot.heat_map([[1 / 3]], ["q"], ["k"], ax=axes[1], decimals=4) is axes[1]
    assert labels(axes[1].texts) == ["0.3333"]
    assert not axes[0].texts
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(
    ("weights", "rows", "message"),
    [
        ([[0.5, 0.5]], ["a", "b"], r"^weights: expected shape \(2, 2\); received \(1, 2\)"),
        ([[1.5, 0.5]], ["a"], r"^weights: expected numbers in \[0, 1\]; are these scores"),
        ([[-0.5, 0.5]], ["a"], "^weights: expected numbers in"),
        ([[np.nan, 0.5]], ["a"], "^weights: expected numbers in"),
        ([0.5, 0.5], ["a"], "^weights: expected a matrix"),
    ],
)
def test_a_heat_map_refuses_what_are_no_weights(weights, rows, message):
    with pytest.raises(ValueError, match=message):
        plot.heat_map(weights, rows, ["x", "y"])


# ---- weight strip ------------------------------------------------------------------------------


def test_a_strip_shows_real_items_with_their_weights_newest_on_top():
    ax = plot.weight_strip(RECORD, user=0, head=0)
    assert labels(ax.get_yticklabels()) == ["cup", "teapot", "kettle"]
    assert_allclose([bar.get_width() for bar in ax.patches], [0.3, 0.5, 0.2], atol=1e-6)
    assert ax.yaxis_inverted()
    assert ax.get_xlabel() == "attention weight"
    assert ax.get_xlim()[1] > 0.5


def test_a_strip_keeps_the_newest():
    ax = plot.weight_strip(RECORD, head=1, last=2)
    assert labels(ax.get_yticklabels()) == ["cup", "teapot"]
    assert len(plot.weight_strip(RECORD, head=1, last=None).patches) == 3


def test_what_mattered_is_marked_by_a_dot_as_well_as_by_colour():
    ax = plot.weight_strip(RECORD, head=0, relevant=[False, True, False, False])
    marked = ["●" in label for label in labels(ax.get_yticklabels())]
    assert marked == [False, False, True]
    colours = [to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert colours[0] == colours[1] != colours[2]
    assert "<svg" in drawn(ax)


def test_a_long_title_is_cut():
    record = AttentionRecord(np.ones((1, 1)), ("user", "key"), np.array([[4]]), "q", GOODS)
    (label,) = labels(plot.weight_strip(record).get_yticklabels())
    assert label.endswith("…")
    assert len(label) <= 34


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "^head: expected a number"),
        ({"head": 0, "user": 5}, "^user: expected a number"),
        ({"head": 0, "user": 1}, "^user: expected one with a history; user 1 has none"),
        ({"head": 0, "relevant": [True]}, r"^relevant: expected shape \(4,\); received \(1,\)"),
    ],
)
def test_a_strip_refuses_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        plot.weight_strip(RECORD, **options)


# ---- learning curve ----------------------------------------------------------------------------


def test_a_learning_curve_shows_every_seed_and_their_mean():
    losses = {"attention": [[3.0, 2.0, 1.0], [5.0, 2.0, 3.0]], "popularity": [[4.0, 4.0, 4.0]]}
    ax = plot.learning_curve(losses)
    lines = [line.get_ydata().tolist() for line in ax.lines]
    assert lines == [[3, 2, 1], [5, 2, 3], [4, 2, 2], [4, 4, 4], [4, 4, 4]]
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert labels(ax.get_legend().get_texts()) == ["attention", "popularity"]
    assert ax.lines[0].get_color() == ax.lines[2].get_color() != ax.lines[3].get_color()
    assert ax.get_xlabel() == "epoch"
    assert "<svg" in drawn(ax)


def test_a_learning_curve_takes_more_models_than_there_are_colours():
    losses = {f"model {i}": [[1.0, i]] for i in range(len(plot.COLOURS) + 2)}
    assert len(plot.learning_curve(losses).get_legend().get_texts()) == len(losses)


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ({}, "^losses: expected at least one model"),
        ({"a": [[1.0, 2.0], [1.0]]}, r"^losses\['a'\]: expected numbers"),
        ({"a": [1.0, 2.0]}, r"^losses\['a'\]: expected a matrix"),
    ],
)
def test_a_learning_curve_refuses_by_name(losses, message):
    with pytest.raises(ValueError, match=message):
        plot.learning_curve(losses)


# ---- intervals ---------------------------------------------------------------------------------

NAN = float("nan")


def whiskers(ax):
    return [segment.tolist() for lines in ax.collections for segment in lines.get_segments()]


def test_intervals_are_dots_with_whiskers_first_on_top():
    rows = [("attention", 0.3, 0.2, 0.5), ("popularity", 0.1, 0.05, 0.15)]
    ax = plot.intervals(rows, xlabel="ndcg@10")
    assert labels(ax.get_yticklabels()) == ["attention", "popularity"]
    (dots,) = ax.lines
    assert dots.get_xdata().tolist() == [0.3, 0.1]
    assert dots.get_ydata().tolist() == [0, 1]
    assert whiskers(ax) == [[[0.2, 0], [0.5, 0]], [[0.05, 1], [0.15, 1]]]
    assert ax.yaxis_inverted()
    assert ax.get_xlabel() == "ndcg@10"
    assert ax.get_legend() is None
    assert "<svg" in drawn(ax)


def test_several_lists_share_their_labels_and_differ_in_colour_and_mark():
    a, b = [("new", 1, 0, 2), ("old", 2, 1, 3)], [("old", 5, 4, 6), ("older", 7, 7, 7)]
    ax = plot.intervals({"a": a, "b": b}, reference=0.0)
    assert labels(ax.get_yticklabels()) == ["new", "old", "older"]
    line, first, second = ax.lines
    assert line.get_xdata() == [0, 0]
    assert second.get_ydata() - 1 == pytest.approx(1 - first.get_ydata()[::-1])  # around the row
    assert second.get_ydata()[0] > first.get_ydata()[1]
    assert first.get_color() != second.get_color()
    assert first.get_marker() != second.get_marker()
    assert labels(ax.get_legend().get_texts()) == ["a", "b"]


def test_what_is_unknown_is_left_out_and_the_rest_is_drawn():
    ax = plot.intervals([("one user", 0.5, NAN, NAN), ("nobody", NAN, NAN, NAN), ("b", 1, 0, 2)])
    assert labels(ax.get_yticklabels()) == ["one user", "nobody", "b"]
    assert "<svg" in drawn(ax)


def test_intervals_are_drawn_where_they_are_told():
    _, axes = plt.subplots(1, 2)
    assert plot.intervals([("a", 1, 0, 2)], ax=axes[1]) is axes[1]
    assert not axes[0].lines


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "^rows: expected at least one; received none"),
        ({"a": []}, "^rows: expected at least one"),
        ([("a", 1, 0, 2), ("a", 1, 0, 2)], r"^rows: .* no label twice: \[\('a'"),
        ([("a", 1, 2, 0)], "^rows: expected low <= high; received"),
        ([("a", "x", 0, 2)], "^rows: expected numbers"),
        ([("a", 1, 0)], r"^rows: expected \(label, value, low, high\)"),
    ],
)
def test_intervals_refuse_by_name(rows, message):
    with pytest.raises(ValueError, match=message):
        plot.intervals(rows)


def test_a_batch_picture_shows_every_user_and_leaves_holes_where_nothing_is():
    batches = {"padded": [[0, 0, 1], [0, 2, 2]], "packed": [[1, 2, 2]]}
    padded, packed = plot.batch_picture(batches)
    assert padded.get_title(loc="left") == "padded: 2 rows, 50% full"
    assert packed.get_title(loc="left") == "packed: 1 rows, 100% full"
    bars = [(bar.get_y() + bar.get_height() / 2, bar.get_x()) for bar in padded.patches[1:]]
    assert_allclose(bars, [(0, 2.05), (1, 1.05)])
    assert [text.get_text() for text in packed.texts] == ["1", "2"]
    assert padded.patches[0].get_hatch()
    for text, bar in zip(packed.texts, packed.patches[1:], strict=True):
        assert contrast(text.get_color(), bar.get_facecolor()) > 4.5
    drawn(padded)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ({}, "owners: expected at least one batch; received none"),
        ({"a": [1, 2]}, r"owners\['a'\]: expected shape \(rows, length\).*received \(2,\)"),
        ({"a": [[1, 2]], "b": [[1]]}, r"owners\['b'\]: .*received \(1, 1\)"),
        ({"a": np.zeros((0, 3), int)}, r"received \(0, 3\)"),
    ],
)
def test_a_batch_picture_needs_batches_of_one_length(batches, message):
    with pytest.raises(ValueError, match=message):
        plot.batch_picture(batches)
