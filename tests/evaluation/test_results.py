"""Evaluations and tables: intervals, shapes, and what they refuse to set side by side."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.evaluation import Evaluation, Protocol, Table, compare_table

N = 400


def evaluation(model="attention", n=N, seed=0, **change):
    rng = np.random.default_rng(seed)
    values = {"ndcg@10": rng.random(n), "auc": rng.random(n)}
    parts = {
        "model": model,
        "protocol": Protocol("last row of each user", n, n, "all 9 items"),
        "per_user": values,
        "history_length": np.arange(n),
        "targets": np.ones(n, np.int32),
    }
    return Evaluation(**parts | change)


def test_an_estimate_is_the_mean_with_an_interval_as_wide_as_theory_says():
    found = evaluation()
    figure = found.estimate("ndcg@10", level=0.9)
    values = found.per_user["ndcg@10"]
    error = values.std(ddof=1) / np.sqrt(N)
    assert float(figure) == found.mean("ndcg@10") == values.mean()
    assert_allclose(figure.low, values.mean() - 1.645 * error, atol=0.2 * error)
    assert_allclose(figure.high, values.mean() + 1.645 * error, atol=0.2 * error)
    assert (figure.n, figure.level) == (N, 0.9)
    assert (figure.metric, figure.model) == ("ndcg@10", "attention")
    assert figure.protocol is found.protocol
    wide = found.estimate("ndcg@10", level=0.99)
    assert wide.low < figure.low < figure.high < wide.high
    assert found.estimate("ndcg@10") == found.estimate("ndcg@10")


def test_one_case_and_equal_cases():
    alone = evaluation(n=1)
    assert np.isnan(alone.estimate("auc").low)
    assert "no interval" in str(alone.estimate("auc"))
    same = evaluation(per_user={"hr@1": np.ones(N)}).estimate("hr@1")
    assert (same.low, same.value, same.high) == (1, 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"protocol": ""}, "^protocol: expected a Protocol, or words"),
        ({"protocol": None}, "^protocol: expected a Protocol, or words"),
        ({"per_user": {}}, "^per_user: expected at least one metric"),
        (
            {"per_user": {"hr@1": np.ones(N), "auc": np.ones(3)}},
            r"^auc: .*400; .* shape \(3,",
        ),
        ({"history_length": np.ones(3)}, r"^history_length: expected one number per case, 400"),
        (
            {"targets": np.ones(3, int)},
            "^targets, case: .*of 400 cases; received 3 targets of 3",
        ),
        ({"case": np.zeros(N, int)}, "^targets, case: .* received 400 targets of 1"),
        ({"case": np.arange(N) + 1}, "^targets, case: expected at least one target for each"),
    ],
)
def test_an_evaluation_fits_together(change, message):
    with pytest.raises(ValueError, match=message):
        evaluation(**change)


def test_several_targets_of_a_case():
    found = evaluation(n=2, targets=np.array([3, 4, 5]), case=np.array([0, 0, 1]))
    assert len(found) == 2
    with pytest.raises(ValueError, match="^metric: expected one of ndcg@10, auc; received 'hr'"):
        found.mean("hr")
    with pytest.raises(ValueError, match="^metric: expected one of ndcg@10, auc; received 'hr'"):
        found.estimate("hr")
    with pytest.raises(
        ValueError, match=r"^level: expected a number above 0 and below 1; received 95"
    ):
        found.estimate("auc", level=95)


def test_models_side_by_side_in_every_form():
    both = [evaluation("attention"), evaluation("popularity", seed=1)]
    table = compare_table(both, ["ndcg@10"])
    assert isinstance(table, Table)
    for text in (str(table), repr(table), table._repr_markdown_()):
        assert str(both[0].protocol) in text
        for found in both:
            assert found.model in text
            assert f"{found.mean('ndcg@10'):.4f} [0." in text
    frame = table.frame()
    assert frame.index.tolist() == ["attention", "popularity"]
    assert_allclose(frame["ndcg@10"], [found.mean("ndcg@10") for found in both])
    assert frame.attrs["protocol"] == str(both[0].protocol)
    assert str(both[0].protocol) in frame.to_html()
    assert str(both[0].protocol) in frame.to_string()
    assert [e.metric for e in both[0].table().rows[0]] == ["ndcg@10", "auc"]
    assert "[" not in str(evaluation(n=1).table())


def test_lines_of_a_table_stand_below_each_other():
    lines = str(compare_table([evaluation("a"), evaluation("a longer name")])).split("\n")
    assert len({line.index("0.") for line in lines[1:3]}) == 1


def test_what_was_not_asked_the_same_is_not_set_side_by_side():
    one = evaluation()
    sampled = dataclasses.replace(
        one.protocol, candidates="the target and 100 items drawn uniformly"
    )
    with pytest.raises(ValueError, match="differ in candidates: 'all 9 items' and 'the target and"):
        compare_table([one, evaluation(protocol=sampled)])
    with pytest.raises(ValueError, match="^evaluations: expected the same targets; .* read the"):
        compare_table([one, evaluation(targets=np.full(N, 2, np.int32))])
    cases = (np.array([0, 0, 1]), np.array([0, 1, 1]))
    two = [evaluation(n=2, targets=np.ones(3), case=case) for case in cases]
    with pytest.raises(ValueError, match="^evaluations: expected the same targets"):
        compare_table(two)
    with pytest.raises(ValueError, match="^figures: expected at least one; received none"):
        compare_table([])
    with pytest.raises(ValueError, match="^metric: expected one of ndcg@10, auc; received 'mrr"):
        compare_table([one], ["mrr@10"])


def test_one_line_shows_what_chapters_read():
    values = {f"{name}@10": np.full(N, 0.5) for name in ("hr", "recall", "ndcg", "mrr", "map")}
    text = str(evaluation(per_user=values))
    assert text.split("\n")[0] == "attention: hr@10 0.5000  ndcg@10 0.5000  mrr@10 0.5000"
    assert repr(evaluation()).startswith("attention: ndcg@10 0.")
    assert str(evaluation(per_user={"auc": np.ones(N)})).startswith("attention: auc 1.0000\n(")
