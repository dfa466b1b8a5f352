"""The report: its parts add up, its figures are those of evaluate, and each has its protocol."""

import io
from dataclasses import fields

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_array_equal

from attnrec_lite.data import (
    Holdout,
    Interactions,
    Vocabulary,
    by_time,
    leave_one_out,
    load,
    random_split,
)
from attnrec_lite.data.split import Split
from attnrec_lite.evaluation import compare, evaluate, holm, interval, report
from attnrec_lite.evaluation._groups import by_history, by_popularity
from attnrec_lite.evaluation.reports import Report
from attnrec_lite.models import Popularity, Successors


class Barred(Successors):
    name = "a | b"


@pytest.fixture(autouse=True)
def _clean_slate():
    with matplotlib.rc_context():
        yield
    plt.close("all")


@pytest.fixture(scope="module")
def shop():
    return load("shop", n_users=120, seed=1)


@pytest.fixture(scope="module")
def split(shop):
    return leave_one_out(shop)


@pytest.fixture(scope="module")
def card(split):
    rivals = [Popularity(split.train.items), Successors(split.train.items)]
    return report(Successors(split.train.items).fit(split.train), split, against=rivals, k=5)


def log_of(histories):
    rows = [(u, i, 10 * t + u) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


def figures(report, section, model=None, metric=None):
    return [
        row for row in report.section(section)
        if model in (None, row.model) and metric in (None, row.metric)
    ]  # fmt: skip


# ---- groups ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lengths", [[0], [3], [0, 0, 5], [1] * 9, [1, 1, 1, 2, 900], list(range(40)), [0] * 5]
)
def test_every_case_is_in_one_part_by_history(lengths):
    parts = list(by_history(np.array(lengths)))
    assert_array_equal(sum(inside.astype(int) for _, inside in parts), np.ones(len(lengths)))
    assert len({name for name, _ in parts}) == len(parts) <= 5
    assert all(inside.any() for _, inside in parts)


def test_parts_by_history_are_quarters_with_their_bounds_and_nobody_apart():
    parts = dict(by_history(np.array([0, *range(1, 101)])))
    assert {name: int(inside.sum()) for name, inside in parts.items()} == {
        "no history": 1, "1 to 25 rows": 25, "26 to 50 rows": 25, "51 to 75 rows": 25,
        "76 to 100 rows": 25,
    }  # fmt: skip


def test_every_target_is_in_one_part_by_popularity(split):
    parts = list(by_popularity(split.test, split.train))
    assert_array_equal(np.sort(np.concatenate([p.row for _, p in parts])), np.sort(split.test.row))
    counts = np.bincount(split.train.item, minlength=split.train.n_items + 1)
    floors = [counts[part.item].min() for name, part in parts if "unseen" not in name]
    tops = [counts[part.item].max() for name, part in parts if "unseen" not in name]
    assert all(low > top for low, top in zip(floors, tops[1:], strict=False))
    for name, part in parts:
        assert name.split(" (")[0].replace("unseen", "without a training row") in part.rule


def test_popularity_by_hand_with_ties_together_and_the_unseen_apart():
    train = log_of([[1] * 4, [2] * 4, [3, 4, 5, 6]])  # 4, 4 and four items once
    log = Interactions.from_columns([9] * 7, list(range(1, 8)), range(7))
    everything = Interactions.from_columns([0] * 13, [*train.item, 7], range(13))
    train = everything.select(np.arange(12))
    parts = dict(by_popularity(Holdout(log, np.arange(7)), train))
    assert {name: part.item.tolist() for name, part in parts.items()} == {
        "head (2 items)": [1, 2], "tail (4 items)": [3, 4, 5, 6], "unseen (1 item)": [7],
    }  # fmt: skip


def test_targets_of_one_case_keep_their_history_in_every_part(shop):
    cut = by_time(shop, targets="all")
    for _, part in by_popularity(cut.test, cut.train):
        places = np.searchsorted(cut.test.row, part.row)
        assert_array_equal(part.known, cut.test.known[places])


# ---- figures -----------------------------------------------------------------------------------


def test_the_overall_figures_are_those_of_evaluate(card, split):
    found = evaluate(Successors(split.train.items).fit(split.train), split.test, k=5)
    for metric in ("hr@5", "ndcg@5", "mrr@5"):
        (row,) = figures(card, "overall", "successors", metric)
        assert row.value == found.mean(metric)
        assert (row.low, row.high) == interval(found.per_user[metric])
        assert row.n == len(found)
    assert card.protocol == found.protocol


def test_a_model_that_is_its_own_baseline_does_not_differ(card):
    (row,) = figures(card, "difference", "successors (2)")
    assert (row.value, row.low, row.high, row.p) == (0, 0, 0, 1)
    assert card.best == "successors (2)"


def test_p_values_are_corrected_for_all_baselines(split, card):
    models = [Successors(split.train.items), Popularity(split.train.items)]
    a, b = (evaluate(model.fit(split.train), split.test, k=5) for model in models)
    (row,) = figures(card, "difference", "popularity")
    found = compare(a, b, "ndcg@5")
    assert row.value == found.difference
    assert row.p == holm([found.p, 1.0])[0] == 2 * found.p


def test_parts_add_up_to_all_cases_and_to_the_overall_figure(card):
    (overall,) = figures(card, "overall", card.model, "ndcg@5")
    for section in ("history", "popularity"):
        for model in (card.model, card.best):
            rows = figures(card, section, model)
            assert sum(row.n for row in rows) == overall.n == card.protocol.cases
            total = sum(row.n * row.value for row in rows) / overall.n
            assert total == pytest.approx(overall.value, abs=1e-12)


def test_each_model_has_parts_of_its_own(split):
    model = Successors(split.train.items).fit(split.train)
    card = report(model, split, [Popularity(split.train.items)], k=5)
    for name in ("successors", "popularity"):
        (overall,) = figures(card, "overall", name, "ndcg@5")
        for section in ("history", "popularity"):
            total = sum(row.n * row.value for row in figures(card, section, name))
            assert total / overall.n == pytest.approx(overall.value, abs=1e-12)
    assert card.best == "popularity"


def test_coverage_is_the_share_of_items_in_any_list(card, split):
    model = Popularity(split.train.items).fit(split.train)
    (row,) = figures(card, "overall", "popularity", "coverage@5")
    listed = set()
    for i in range(len(split.test)):
        listed |= set(model.recommend(split.test.history([i]), 5)[0].ravel().tolist())
    assert row.value == len(listed - {0}) / model.n_items


def test_seconds_are_there_and_a_fitted_model_has_none_to_fit(card):
    seconds = {row.model: row.value for row in figures(card, "overall", metric="seconds to fit")}
    assert np.isnan(seconds.pop("successors"))
    assert all(value >= 0 for value in seconds.values())
    assert all(row.value >= 0 for row in figures(card, "overall", metric="seconds to score"))


def test_baselines_are_fitted_on_the_training_rows_only(split):
    class Spy(Popularity):
        def fit(self, log):
            seen.append(log)
            return super().fit(log)

    seen = []
    report(Popularity(split.train.items).fit(split.train), split, [Spy(split.train.items)], k=3)
    assert [log is split.train for log in seen] == [True]


def test_several_targets_of_a_case_are_recalled_together(shop):
    cut = by_time(shop, targets="all")
    model = Successors(cut.train.items).fit(cut.train)
    card = report(model, cut, [Popularity(cut.train.items)], k=5)
    assert figures(card, "overall", "successors", "recall@5")
    assert card.protocol.targets > card.protocol.cases
    rows = figures(card, "history", "successors")
    assert sum(row.n for row in rows) == card.protocol.cases


def test_the_seed_decides(split):
    model = Popularity(split.train.items).fit(split.train)
    tables = [
        [r for r in report(model, split, [], k=3, seed=s).table if "seconds" not in r["metric"]]
        for s in (0, 0, 1)
    ]
    assert str(tables[0]) == str(tables[1]) != str(tables[2])


# ---- text and figure ---------------------------------------------------------------------------


def test_the_table_is_plain_and_every_row_has_its_protocol(card):
    for row in card.table:
        assert {type(value) for value in row.values()} <= {str, int, float}
        assert "120 targets" in row["protocol"] or "only: " in row["protocol"]
        assert row["n"] >= 1
    assert {row["section"] for row in card.table} == {
        "overall", "difference", "history", "popularity",
    }  # fmt: skip


def test_every_table_of_the_text_is_followed_by_the_protocol(card, split):
    text = card.markdown()
    assert text == str(card) == repr(card) == card._repr_markdown_()
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 4
    for table in tables:
        after = text.split(table)[1].lstrip()
        assert str(card.protocol) in after.split("\n\n")[0]
        widths = {line.count("|") for line in table.splitlines()}
        assert len(widths) == 1
    assert split.protocol in text
    assert "corrected by Holm for 2" in text
    assert "95 %" in text


def test_a_bar_in_a_name_breaks_no_table(split):
    text = report(Barred(split.train.items).fit(split.train), split, [], k=3).markdown()
    assert r"| a \| b |" in text


def test_the_figure_has_a_named_panel_per_section_and_the_protocol(card):
    matplotlib.rcdefaults()  # an earlier test of the worker may have set a style
    axes = card.plot()
    assert [ax.get_title(loc="left") for ax in axes] == [
        "All cases", "successors minus each baseline", "By length of the history",
        "By popularity of the target",
    ]  # fmt: skip
    assert all("ndcg@5" in ax.get_xlabel() for ax in axes)
    assert all(label.get_text() for ax in axes for label in ax.get_yticklabels())
    figure = axes[0].figure
    assert " ".join(figure.get_supxlabel().split()).startswith(str(card.protocol))
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    assert figure.patch.get_alpha() == 0 or figure.get_facecolor()[3] == 0
    assert figure.get_figwidth() <= 5  # inches: a phone must not shrink it to nothing
    legend = axes[2].get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["successors", "successors (2)"]
    below = legend.get_window_extent().y0
    assert below >= axes[2].get_window_extent().y1 - 2  # it hides no whisker
    assert matplotlib.rcParams["axes.facecolor"] == matplotlib.rcParamsDefault["axes.facecolor"]


# ---- small and broken --------------------------------------------------------------------------


def test_one_user_gives_a_report_without_intervals():
    cut = leave_one_out(log_of([[1, 2, 3, 1]]))
    card = report(Popularity(cut.train.items).fit(cut.train), cut, [Successors(cut.train.items)])
    assert all(np.isnan(row.low) for row in card.rows)
    assert [row.p for row in card.section("difference")] == [1]
    assert "nan" not in card.markdown()
    card.plot()[0].figure.savefig(io.BytesIO(), format="svg")


def test_three_users_one_without_a_history_and_an_item_never_trained_on():
    log = log_of([[1, 2, 3], [2, 1, 3], [4]])
    cut = Split(log.select([0, 1, 3, 4]), Holdout(log, np.array([1])),
                Holdout(log, np.array([2, 5, 6])), "by hand")  # fmt: skip
    card = report(Popularity(log.items).fit(cut.train), cut, [Successors(log.items)], k=100)
    groups = {row.group: row.n for row in card.section("history")}
    assert groups == {"no history": 1, "2 rows": 2}
    assert card.section("popularity")[0].group == "unseen (2 items)"
    card.plot()


def test_without_baselines_there_is_nothing_to_subtract(split):
    card = report(Popularity(split.train.items).fit(split.train), split, against=[], k=3)
    assert card.best == ""
    assert not card.section("difference")
    assert "minus" not in card.markdown()
    assert len(card.plot()) == 3


def test_what_a_split_leaks_is_named(split):
    leaking = random_split(split.test.log, seed=3)
    honest = report(Popularity(split.train.items).fit(split.train), split, against=[], k=3)
    model = Popularity(split.train.items).fit(leaking.train)
    card = report(model, leaking, against=[], k=3)
    assert "have a newer training row of the same user" in card.markdown()
    assert "have a newer training row of the same user" not in honest.markdown()


def test_without_against_every_baseline_of_the_package_is_fitted(split, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "attnrec_lite.models.baselines_for",
        lambda items: asked.append(items) or [Popularity(items)],
    )
    card = report(Successors(split.train.items).fit(split.train), split, k=3)
    assert asked == [split.train.items]
    assert card.best == "popularity"


def test_a_report_is_refused_by_name(split):
    model = Popularity(split.train.items).fit(split.train)
    nobody = Split(split.train, split.validation, Holdout(split.test.log, split.test.row[:0]), "x")
    stranger = Popularity(Vocabulary(np.arange(5)))
    for call, message in (
        (lambda: report(model, split, [model]), "^against: expected other models; received popul"),
        (lambda: report(model, split, ["ease"]), "^against: expected recommenders; received str"),
        (lambda: report(model, nobody, []), "^holdout: expected at least one target"),
        (lambda: report(stranger, split, []), "^model: expected the catalogue of the holdout"),
        (lambda: report(model, split, [stranger]), "^log: expected "),
        (lambda: report(model, split, [], k=0), "^k: expected an integer of at least 1"),
        (lambda: report(model, split, [], k=(5, 10)), "^k: expected an integer"),
        (lambda: report(model, split, [], level=95), "^level: expected a number above 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_report_says_all_that_it_holds():
    names = {field.name for field in fields(Report)}
    assert names == {"model", "best", "metric", "level", "rows", "protocol", "split", "leaks"}
