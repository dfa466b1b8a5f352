"""A description is what a loop over the rows counts, and it says what it cannot know."""

import io
import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from attnrec_lite.data import Interactions, make_shop, movielens
from attnrec_lite.data.describe import DAY
from attnrec_lite.data.fetch import ENVIRONMENT
from attnrec_lite.data.movielens import read_edition

RECENT = 1_600_000_000
TWEETINGS = Path(os.environ.get(ENVIRONMENT, "")) / "movietweetings"


@st.composite
def logs(draw):
    """Logs with ties, repeats and users of one row."""
    moments = st.sampled_from([0, 0, 1, DAY - 1, DAY, DAY + 1, 5 * DAY])
    cells = st.tuples(st.integers(0, 4), st.integers(0, 5), moments)
    user, item, time = zip(*draw(st.lists(cells, min_size=1, max_size=30)), strict=True)
    return Interactions.from_columns(user, item, time, duplicates="keep")


def same(a, b):
    return a == pytest.approx(b, nan_ok=True)


@given(log=logs(), at_least=st.integers(1, 4))
def test_every_figure_is_what_a_loop_counts(log, at_least):
    facts = log.describe(at_least)
    rows = list(zip(log.user.tolist(), log.item.tolist(), log.time.tolist(), strict=True))
    moments = Counter((user, time) for user, _, time in rows)
    assert same(facts.tied_share, np.mean([moments[user, time] > 1 for user, _, time in rows]))
    pairs = {(user, item) for user, item, _ in rows}
    assert same(facts.density, len(pairs) / (log.n_users * log.n_items))
    assert same(facts.repeats, 1 - len(pairs) / len(rows))
    times = [[t for u, _, t in rows if u == user] for user in range(log.n_users)]
    spans = [max(t) - min(t) for t in times if len(t) >= at_least]
    assert facts.counted_users == len(spans)
    none = np.array([np.nan])
    assert same(facts.one_sitting, np.mean([span <= DAY for span in spans] or none))
    assert same(facts.span_days, np.median(spans or none) / DAY)
    gaps = [b - a for t in times for a, b in pairwise(t)]
    assert same(facts.gap_seconds, np.median(gaps or none))
    for five, column, size in (
        (facts.per_user, [u for u, _, _ in rows], range(log.n_users)),
        (facts.per_item, [i for _, i, _ in rows], range(1, log.n_items + 1)),
    ):
        counts = [column.count(code) for code in size]
        assert five == tuple(np.percentile(counts, [0, 25, 50, 75, 100]))
    differences = np.abs(np.subtract.outer(counts, counts))
    assert same(facts.gini_items, differences.mean() / (2 * np.mean(counts)))
    assert len(str(facts).splitlines()) == len(facts.lines())


def test_users_and_items_without_a_row_are_counted_as_such():
    shop = make_shop(n_users=30).log
    facts = shop.select(shop.user == 0).describe()
    assert (facts.users, facts.items) == (30, 240)
    assert facts.per_user[:4] == (0, 0, 0, 0)
    assert facts.per_item[0] == 0


def test_nothing_is_said_of_no_rows():
    facts = make_shop(n_users=3).log.select([]).describe()
    assert (facts.rows, facts.counted_users) == (0, 0)
    assert np.isnan([facts.repeats, facts.tied_share, facts.one_sitting, facts.gini_items]).all()
    assert "unknown share" in str(facts)
    assert "no first day to no last day" in str(facts)
    with pytest.raises(ValueError, match="log: expected at least one row to draw; received none"):
        facts.plot()


@pytest.mark.parametrize("at_least", [0, 2.5, True])
def test_users_are_counted_from_a_whole_number_of_rows(at_least):
    with pytest.raises(ValueError, match="at_least: expected an integer of at least 1"):
        make_shop(n_users=3).log.describe(at_least)


def test_a_notebook_shows_the_same_lines_as_a_table():
    facts = make_shop(n_users=30).log.describe()
    table = facts._repr_markdown_().splitlines()
    assert table[:2] == ["| figure | value |", "|:--|:--|"]
    assert len(table) == 2 + len(facts.lines())
    for row, line, (name, text) in zip(
        table[2:], str(facts).splitlines(), facts.lines(), strict=True
    ):
        assert row == f"| {name} | {text} |"
        assert line.split("  ")[0] == name
        assert line.endswith(text)


@pytest.mark.parametrize(
    "times", [[RECENT] * 4, [RECENT, RECENT + 9], [RECENT], list(range(0, 400 * DAY, DAY))]
)
def test_the_figure_has_three_panels_that_hold_every_row(times):
    log = Interactions.from_columns([7] * len(times), range(len(times)), times)
    settings = dict(matplotlib.rcParams)
    users, items, time = log.describe().plot()
    assert sum(bar.get_height() for bar in users.patches) == 1
    assert items.lines[0].get_ydata().sum() == len(log)
    highest = time.collections[0].get_paths()[0].get_extents().y1
    assert highest >= len(log) / 60
    assert time.get_ylim()[0] == 0
    users.figure.savefig(io.BytesIO(), format="svg")  # a layout that fails would go unseen
    assert dict(matplotlib.rcParams) == settings
    plt.close("all")


@pytest.mark.slow
def test_movielens_was_rated_in_sittings():
    facts = movielens().describe()
    assert (facts.per_user[0], facts.per_user[2], facts.per_user[4]) == (20, 71, 2391)
    assert facts.counted_users == 671
    assert round(100 * facts.one_sitting, 1) == 61.3
    assert round(100 * facts.tied_share, 1) == 31.9
    assert facts.gap_seconds == 10


@pytest.mark.slow
@pytest.mark.skipif(not TWEETINGS.is_dir(), reason="the files of MovieTweetings are not here")
def test_movietweetings_has_a_true_order():
    facts = read_edition("movietweetings", TWEETINGS).describe()
    assert round(100 * facts.one_sitting, 1) == 2.8
    assert round(facts.tied_share * facts.rows) == 3
    assert round(facts.span_days) == 120
