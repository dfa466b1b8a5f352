"""Questions and answers: the tree against scikit-learn's, and people who answer oddly or not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.tree import DecisionTreeRegressor

from attnrec_lite.cold_start import Questionnaire, evaluate_groups, knowing, new_users, shop_answers
from attnrec_lite.cold_start.questionnaire import _tastes
from attnrec_lite.data import Interactions, make_shop
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import Popularity
from attnrec_lite.models._binary import log_matrix

SHOP = make_shop(n_users=400)
SPLIT = new_users(SHOP.log)
ANSWERS = shop_answers(SHOP, np.arange(1, 25))
LOG = Interactions.from_columns([0, 1, 2, 3], [1, 1, 2, 2], range(4))
YES_OR_NO = [[0, 1], [1, 1], [0, 0], [1, 0]]


def small(**options):
    return Questionnaire(LOG.items, **{"smallest": 1, "strength": 1.0} | options)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_an_adaptive_one_spreads_tastes_as_little_as_scikit_learns_tree(depth):
    answers = shop_answers(SHOP, np.arange(1, 25), silent=0)
    taken = log_matrix(SPLIT.train).toarray().astype(np.int64)
    people = np.flatnonzero(taken.sum(axis=1))
    tastes = _tastes(taken, people)
    asked = Questionnaire(SHOP.log.items, depth, smallest=1).fit(SPLIT.train, answers)
    leaves = [n for n in asked.nodes if not n.next]
    assert sum(len(n.people) for n in leaves) == len(people)
    own = sum(((tastes[n.people] - tastes[n.people].mean(axis=0)) ** 2).sum() for n in leaves)
    tree = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(
        answers[people], tastes[people]
    )
    rest = tastes[people] - tree.predict(answers[people])
    assert own == pytest.approx((rest**2).sum(), rel=1e-6)


def test_a_static_one_asks_everybody_the_same_and_an_adaptive_one_does_not():
    questions = {}
    for adaptive in (False, True):
        asked = Questionnaire(SHOP.log.items, 3, adaptive, smallest=5).fit(SPLIT.train, ANSWERS)
        level = [asked.nodes[0]]
        questions[adaptive] = []
        while level:
            questions[adaptive].append({n.question for n in level} - {None})
            level = [child for n in level for child in n.next.values()]
    assert [len(q) for q in questions[False]] == [1, 1, 1, 0]
    assert len(questions[True][1]) > 1


def test_strangers_are_served_better_the_more_they_are_asked():
    strangers = knowing(SPLIT.test, 0)
    popular = evaluate(Popularity(SHOP.log.items).fit(SPLIT.train), strangers).mean("auc")
    asked = Questionnaire(SHOP.log.items, 4).fit(SPLIT.train, ANSWERS)
    found = []
    for most in (0, 4):
        group = [asked.reach(enumerate(ANSWERS[u]), most) for u in strangers.user]
        found.append(evaluate_groups(asked.model_for, group, strangers).mean("auc"))
    assert found[0] == pytest.approx(popular)
    assert found[1] > popular + 0.05


@pytest.mark.parametrize("questions", [0, 3])
def test_without_an_answer_and_without_a_question_it_is_popularity(questions):
    asked = small(questions=questions).fit(LOG, YES_OR_NO)
    assert_allclose(asked.model_for().score_all([[0]])[0, 1:], [0.5, 0.5])
    assert asked.reach() == 0
    if not questions:
        assert asked.next_question() is None
        assert asked.reach({0: 1}) == 0


def test_a_questionnaire_without_questions_to_choose_from_asks_nothing():
    asked = small().fit(LOG, np.zeros((4, 0)))
    assert asked.next_question() is None
    assert len(asked.nodes) == 1


def test_it_asks_what_tells_and_stops_when_nothing_does():
    asked = small(questions=2).fit(LOG, YES_OR_NO)
    assert asked.next_question() == 1
    assert asked.next_question({1: 1}) is None  # question 0 tells nothing more
    scores = asked.model_for({1: 1}).score_all([[0]])[0]
    assert_allclose(scores[1:], [(2 + 0.5) / 3, 0.5 / 3], rtol=1e-6)


def test_answers_may_come_in_any_order_and_those_not_asked_change_nothing():
    asked = Questionnaire(SHOP.log.items, 3).fit(SPLIT.train, ANSWERS)
    pairs = list(enumerate(ANSWERS[5]))
    assert asked.reach(pairs) == asked.reach(pairs[::-1]) == asked.reach(dict(pairs))


def test_contradicting_answers_are_refused_and_repeated_ones_are_not():
    asked = small().fit(LOG, YES_OR_NO)
    with pytest.raises(ValueError, match="^answers: expected one answer to question 1.*contradict"):
        asked.reach([(1, 1), (1, 0)])
    assert asked.reach([(1, 1), (1, 1)]) == asked.reach({1: 1})
    assert asked.reach([(1, np.nan), (1, np.nan)]) == 0


def test_answers_that_nobody_gave_stay_with_the_last_group_that_is_known():
    asked = small(questions=2).fit(LOG, YES_OR_NO)
    assert asked.reach({1: np.nan}) == 0
    assert asked.next_question({1: np.nan}) is None
    everything = dict.fromkeys(range(24), 1.0)
    full = Questionnaire(SHOP.log.items, 5).fit(SPLIT.train, ANSWERS)
    assert len(full.nodes[full.reach(everything)].people) >= 10


def test_a_group_too_small_to_tell_anything_is_not_made():
    asked = Questionnaire(SHOP.log.items, 5, smallest=25).fit(SPLIT.train, ANSWERS)
    assert min(len(n.people) for n in asked.nodes) >= 25
    lonely = small(smallest=5).fit(LOG, YES_OR_NO)
    assert lonely.next_question() is None


def test_people_without_a_row_teach_nothing():
    log = Interactions(LOG.user, LOG.item, LOG.time, np.arange(6), LOG.items)
    asked = small().fit(log, [*YES_OR_NO, [1, 0], [0, 1]])
    assert_array_equal(asked.nodes[0].people, range(4))
    nobody = small().fit(LOG.select([]), YES_OR_NO)
    assert nobody.next_question() is None
    assert_allclose(nobody.model_for().score_all([[0]])[0, 1:], [0.5, 0.5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Questionnaire(LOG.items, questions=-1), "^questions"),
        (lambda: Questionnaire(LOG.items, smallest=0), "^smallest"),
        (lambda: Questionnaire(LOG.items, strength=0), "^strength"),
        (lambda: small().fit(LOG, [[2, 0]] * 4), "^answers: expected 1, 0 or NaN"),
        (lambda: small().fit(LOG, [[-1, 0]] * 4), "^answers: expected 1, 0 or NaN"),
        (lambda: small().fit(LOG, [[1, 0]]), "^answers: expected a row for each of 4 users"),
        (lambda: small().fit(SHOP.log, YES_OR_NO), "^log: expected the catalogue"),
        (
            lambda: small().fit(LOG, YES_OR_NO).reach({2: 1}),
            r"^answers: expected questions in 0\.\.1",
        ),
        (lambda: small().fit(LOG, YES_OR_NO).reach({0: 3}), "^answers: expected 1, 0 or NaN"),
        (lambda: small().reach({0: 1}), "^answers: expected questions"),
        (lambda: small().fit(LOG, YES_OR_NO).model_for(9), r"^answers: expected a group in 0\.\.2"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
