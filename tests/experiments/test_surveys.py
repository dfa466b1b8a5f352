"""A survey prints who was silent; weights repair what they can; simulated silence is as told."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.experiments import Survey, post_stratify, simulate_answers
from attnrec_lite.formulas import silent_bounds, wilson_interval


def test_a_survey_prints_answers_silence_and_bounds_together():
    survey = Survey("Did you find it?", yes=81, answered=100, asked=500)
    assert survey.interval == wilson_interval(81, 100)
    assert survey.bounds == silent_bounds(0.81, 0.2)
    for part in ("Did you find it?", "81.0%", "100 answers", "400 of the 500", "16.2%", "96.2%"):
        assert part in str(survey)


def test_with_every_answer_the_bounds_close():
    assert Survey("?", 3, 4, 4).bounds == (0.75, 0.75)
    assert Survey("?", 0, 4, 4).share == 0


def test_weights_find_the_truth_behind_a_silence_by_group_only():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 40_000)
    happy = rng.random(40_000) < np.where(group, 0.8, 0.4)
    sizes = np.bincount(group)
    by_group = np.where(group, 0.6, 0.1)
    who = simulate_answers(happy, by_group, by_group, seed=1)
    assert happy[who].mean() > happy.mean() + 0.1
    assert_allclose(post_stratify(happy[who], group[who], sizes), happy.mean(), atol=0.015)
    who = simulate_answers(happy, 0.6, 0.1, seed=1)
    assert post_stratify(happy[who], group[who], sizes) > happy.mean() + 0.1


def test_people_answer_with_the_chances_that_are_given():
    happy = np.repeat([1, 0], 20_000)
    who = simulate_answers(happy, 0.5, 0.1, seed=3)
    assert_allclose((who[:20_000].mean(), who[20_000:].mean()), (0.5, 0.1), atol=0.015)
    assert (simulate_answers(happy, 0.5, 0.1, seed=3) == who).all()
    assert len(simulate_answers([], 0.5, 0.1)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Survey(" ", 1, 2, 3), "^question: expected a few words"),
        (lambda: Survey("?", 1, 0, 3), "^answered: expected an integer of at least 1"),
        (lambda: Survey("?", 3, 2, 3), "^yes, answered, asked: .* received 3, 2, 3"),
        (lambda: Survey("?", 1, 4, 3), "^yes, answered, asked: .* received 1, 4, 3"),
        (lambda: Survey("?", 1, 2, 3, 95), "^level: expected a number above 0 and below 1"),
        (lambda: post_stratify([1, 0], [0, 0], [2, 2]), "^group: .* group 1 has none"),
        (lambda: post_stratify([1, 0], [0, 5], [2, 2]), r"^group: expected numbers in 0\.\.1"),
        (lambda: post_stratify([1, 0], [0.0, 1.0], [2, 2]), r"^group: expected numbers in 0\.\.1"),
        (lambda: post_stratify([1, 2], [0, 1], [2, 2]), "^yes: expected 0 and 1 only"),
        (lambda: post_stratify([1], [0, 1], [2, 2]), "^group: expected 1 rows"),
        (lambda: simulate_answers([1, 0], 1.5, 0.1), r"^if_satisfied: .*\[0, 1\]; received 1\.5"),
        (lambda: simulate_answers([1, 0], 0.5, [0.1] * 3), "^if_not: expected a chance, or one"),
        (lambda: simulate_answers([2, 0], 0.5, 0.1), "^satisfied: expected 0 and 1 only"),
    ],
)
def test_surveys_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
