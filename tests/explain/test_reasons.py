"""A reason is shown only if it passes, whoever names it; odd histories are decided, not crashed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Vocabulary
from attnrec_lite.explain import AttentionRecord, explain
from attnrec_lite.models.base import Recommender

TITLES = np.array(["kettle", "teapot", "ribbon", "spoon", "tray", "cup", "box", "pen"])


class Planted(Recommender):
    """The sum of what each item of the history is worth to item 8; looks where it is told."""

    name = "planted"

    def __init__(self, worth, looks=None, start=0.0):
        super().__init__(Vocabulary(np.arange(1, 9), TITLES))
        self.worth, self.start = np.concatenate([[0.0], worth, np.zeros(8 - len(worth))]), start
        self.looks = self.worth if looks is None else np.concatenate([[0.0], looks])

    def _scores(self, history):
        scores = np.zeros((len(history), 9), np.float32)
        there = (history[:, :, None] == np.arange(9)).any(axis=1)
        scores[:, 8] = there[:, 1:] @ self.worth[1:] + self.start
        return scores

    def attention(self, history, candidates):
        w = np.abs(self.looks[history]) * (np.asarray(history) > 0)
        total = w.sum(axis=1, keepdims=True)
        w = np.divide(w, total, out=np.zeros_like(w), where=total > 0)
        return AttentionRecord(w, ("user", "key"), history, "told", self.items)

    def fit(self, log):
        return self

    config = _arrays = _set_arrays = None


def failed(explanation):
    return [words for words, holds in explanation.checks.items() if not holds]


def test_the_item_that_makes_the_answer_is_named():
    found = explain(Planted([0.1, 0.1, 5.0, 0.1, 0.1, 0.1]), [1, 2, 3, 4, 5, 6], "pen")
    assert failed(found) == []
    assert found.sentence("took") == "Because you took “ribbon”."
    assert (found.named, found.item, found.margin) == (3, 8, pytest.approx(5.5))
    assert_array_equal(found.kinds, [6, 5, 4, 3, 2, 1])
    assert_allclose(found.effects, [0.1, 0.1, 0.1, 5.0, 0.1, 0.1], atol=1e-6)
    assert found.reliability.comprehensiveness == pytest.approx(5.0)
    assert found.reliability.sufficiency == pytest.approx(0.5)
    assert found.reliability.by_chance == pytest.approx(5.5 / 6)
    assert found.reliability.agreement == pytest.approx(1)
    assert 0.05 < found.reliability.p < 0.4  # one order of six begins with it
    assert found.gradients is None
    assert np.isnan(found.reliability.completeness_error)


def test_attention_that_looks_elsewhere_gets_no_sentence():
    worth, looks = [0.1, 0.1, 5.0, 0.1, 0.2, 0.1], [9, 1, 0.1, 1, 1, 1, 1, 1]
    model = Planted(worth, np.array(looks, float))
    found = explain(model, [1, 2, 3, 4, 5, 6], "pen", by="attention")
    assert found.named == 1
    assert found.sentence() == (
        "No reason can be shown: without the item that is named it would stand almost as high."
    )
    assert explain(model, [1, 2, 3, 4, 5, 6], "pen").can_be_shown  # deletion finds it


def test_each_check_fails_by_itself():
    strong = Planted([0.1, 0.1, 5.0, 0.1, 0.1, 0.1])
    cases = {
        "the history is empty": explain(strong, [], 8),
        "the item is in the history itself": explain(strong, [3, 8], 8),
        "the item does not stand above the others": explain(Planted([1.0], start=-3.0), [1], 8),
        "no item of the history stands out": explain(Planted([1.0, 1.0]), [1, 2], 8),
        "without the item that is named it would stand almost as high": explain(
            Planted([1.0, 0.5], start=20.0), [1, 2], 8
        ),
    }
    for words, found in cases.items():
        assert failed(found)[0] == words
        assert found.sentence() == f"No reason can be shown: {words}."
        assert not found.can_be_shown
    looks = np.array([9.0, 1, 0, 0, 0, 0, 0, 0])
    second = explain(Planted([2.0, 3.0], looks), [1, 2], 8, by="attention")
    assert failed(second) == ["another item of the history counts for more"]


def test_an_item_of_score_zero_gets_no_reason():
    found = explain(Planted([0.0, 0.0]), [1, 2], 8)
    assert found.margin == 0
    assert not found.can_be_shown
    assert_array_equal(found.effects, 0)


def test_one_item_of_history_is_a_reason_if_it_makes_the_difference():
    found = explain(Planted([2.0]), [1], 8)
    assert found.sentence() == "Because you bought “kettle”."
    assert found.reliability.p == 1  # there is one order only
    assert np.isnan(found.reliability.agreement)
    assert not explain(Planted([2.0], start=30.0), [1], 8).can_be_shown


def test_a_repeated_item_is_one_reason_and_its_weights_are_added(fitted):
    found = explain(fitted("qkv"), [3, 1, 3], 5, head=0, draws=5)
    assert_array_equal(found.kinds, [3, 1])
    record = found.record.select(0, head=0)
    assert_allclose(found.weights, [record[0] + record[2], record[1]], atol=1e-6)


def test_padding_changes_nothing():
    model = Planted([0.1, 0.1, 5.0])
    bare, padded = explain(model, [1, 2, 3], 8), explain(model, [0, 0, 1, 2, 3], 8)
    assert bare.sentence() == padded.sentence()
    assert bare.reliability == padded.reliability


@pytest.mark.parametrize("history", [[3], [], [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 1]])
def test_every_model_answers_for_every_history(model, history):
    found = explain(model, history, 5, draws=1)
    assert len(found.effects) == len(found.kinds) == len(set(history))
    assert found.can_be_shown == (found.sentence().startswith("Because"))
    if found.weights is not None:
        assert found.weights.min() >= 0
        assert found.weights.sum() == pytest.approx(1, abs=1e-3) or found.record.over != "key"
    assert (found.gradients is None) == np.isnan(found.reliability.completeness_error)


def test_heads_are_averaged_aloud_and_can_be_chosen(fitted):
    model, history = fitted("qkv"), [1, 2, 3]
    found = explain(model, history, 5, draws=3)
    assert found.averaged == ("head",)
    one = [explain(model, history, 5, draws=3, head=h) for h in (0, 1)]
    assert one[0].averaged == ()
    assert_allclose(found.weights, (one[0].weights + one[1].weights) / 2, atol=1e-6)
    blocks = explain(fitted("sasrec"), history, 5, draws=3)
    assert blocks.averaged == ("block",)


def test_of_several_interests_the_one_that_speaks_is_read(fitted):
    model, history = fitted("interests"), [1, 2, 3, 4]
    found = explain(model, history, 5, draws=3)
    speaks = int(model.speakers([history], [[5]])[0, 0])
    assert found.averaged == ()
    assert_allclose(found.weights, found.record.select(0, interest=speaks)[::-1], atol=1e-6)


def test_the_same_question_has_the_same_answer(fitted):
    found = [explain(fitted("target"), [1, 2, 3, 4], 5, draws=9, by="random") for _ in range(2)]
    assert found[0].sentence() == found[1].sentence()
    assert found[0].reliability == found[1].reliability


def test_gradients_that_do_not_add_up_name_nothing(fitted, monkeypatch):
    from attnrec_lite.explain import reasons

    fine = explain(fitted("mean"), [1, 2, 3], 5, by="gradients", draws=3)
    assert fine.checks["the parts do not add up"]
    monkeypatch.setattr(reasons, "_gradients", lambda *a: (np.array([1.0, 0.0, 0.0]), 0.3))
    found = explain(fitted("mean"), [1, 2, 3], 5, by="gradients", draws=3)
    assert not found.checks["the parts do not add up"]
    assert not found.can_be_shown


def test_a_model_that_looks_at_nothing_has_no_weights(fitted):
    found = explain(fitted("popularity"), [1, 2], 5, draws=3)
    assert found.weights is None
    assert_allclose(found.effects, 0)
    assert not found.can_be_shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "magic"}, "^by: expected one of effect, attention, gradients, random"),
        ({"by": "gradients"}, "^by: expected an account that planted has; received 'gradients'"),
        ({"least": 0.0}, "^least: expected a number above 0"),
        ({"draws": 0}, "^draws: expected an integer"),
        ({"head": 0}, "^axes are .*received head"),
        ({"item": 9}, r"^item: expected ids in 1\.\.8"),
        ({"item": "pan"}, "^title_or_raw: expected a known item"),
        ({"history": [1, 99]}, r"^history: expected ids in 0\.\.8; received 99"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    asked = {"history": [1, 2], "item": 8, **options}
    with pytest.raises(ValueError, match=message):
        explain(Planted([1.0, 2.0]), asked.pop("history"), asked.pop("item"), **asked)


def test_a_head_that_is_not_there_is_refused(fitted):
    with pytest.raises(ValueError, match=r"^head: expected a number in 0\.\.1; received 2"):
        explain(fitted("qkv"), [1, 2], 5, head=2)


def test_the_figure_has_a_panel_for_each_account(fitted):
    from matplotlib import pyplot as plt

    axes = explain(fitted("qkv"), [1, 2, 3], 5, draws=3).figure(last=2)
    assert [ax.get_xlabel() for ax in axes] == [
        "fall of the margin without it", "integrated gradients", "attention weight",
    ]  # fmt: skip
    labels = [text.get_text() for text in axes[0].get_yticklabels()]
    assert [label.split("  ")[0] for label in labels] == ["thing 3", "thing 2"]
    found = explain(Planted([0.1, 5.0]), [1, 2], 8)
    panels = found.figure()
    assert len(panels) == 2
    assert panels[0].get_yticklabels()[0].get_text() == "teapot  ●"
    assert panels[0].figure.get_suptitle() == found.sentence()
    with pytest.raises(ValueError, match="^history: expected one item at least"):
        explain(Planted([1.0]), [], 8).figure()
    plt.close("all")
