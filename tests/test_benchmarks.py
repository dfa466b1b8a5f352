"""The benchmarks run, and what they measure stays within generous bounds at a tenth of the size."""

from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evaluation(root):
    spec = spec_from_file_location("bench_evaluation", root / "benchmarks" / "evaluation.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ranking_and_lists_are_quick_and_small(evaluation):
    found = evaluation.cost(share=0.1)  # a hundredth of the scores: 0.1 s when nothing disturbs
    for name, (seconds, megabytes) in found.items():
        assert seconds < evaluation.LIMITS[name] / 4, name
        assert megabytes < evaluation.MEMORY / 5, name


def test_the_model_of_the_benchmark_scores_by_factors_and_popularity(evaluation):
    model, split = evaluation.make_problem(share=0.01)
    history = split.test.history(slice(0, 3))
    scores = model.score_all(history)
    for row, items in enumerate(history):
        user = model.vectors[items[items > 0]].mean(axis=0)
        expected = model.vectors @ user + model.prior
        np.testing.assert_allclose(scores[row, 1:], expected[1:], rtol=1e-4, atol=1e-4)


def test_the_benchmark_prints_a_table(evaluation, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["evaluation.py", "--share", "0.01"])
    evaluation.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "310 users x 240 items x 50"
    assert [line.split()[0] for line in lines[2:]] == ["evaluate", "recommend"]
