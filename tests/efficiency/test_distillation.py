"""A student copies its teacher: the loss is the formula's, and it learns what nobody else says."""

import numpy as np
import pytest
import tensorflow as tf

from attnrec_lite import formulas
from attnrec_lite.data import make_shop
from attnrec_lite.efficiency import distil, top_overlap
from attnrec_lite.efficiency.distillation import Pupil, Told
from attnrec_lite.models import EASE, Popularity, SASRec, TargetAttention


def small(split, seed=1):
    return SASRec(split.train.items, width=8, blocks=1, window=8, seed=seed)


def test_what_is_told_is_what_the_teacher_says_at_each_place(split):
    teacher = EASE(split.train.items).fit(split.train)
    told = Told(split.train, teacher, 8, 4, 0, keep=5)
    rows, (targets, ids, scores) = told.take(np.arange(3))
    assert ids.shape == scores.shape == (3, 8, 5)
    log, bounds = split.train, split.train.bounds()
    user = int(np.flatnonzero(np.diff(bounds) > 1)[1])
    history = log.item[bounds[user] : bounds[user + 1]]
    length = min(8, len(history) - 1)
    for back in range(length):
        past = history[: len(history) - 1 - back]
        expected = teacher.recommend([past], 5, exclude_seen=False)
        np.testing.assert_array_equal(ids[1, 7 - back], expected[0][0])
        np.testing.assert_allclose(scores[1, 7 - back], expected[1][0], rtol=1e-5)
        assert targets[1, 7 - back] == history[len(history) - 1 - back]
        assert rows[1, 7 - back] == past[-1]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_loss_is_the_formula_over_what_is_told(split, share):
    teacher, student, heat = EASE(split.train.items).fit(split.train), small(split), 3.0
    x, y = Told(split.train, teacher, 8, 4, 0, keep=6).take(np.arange(4))
    pupil = Pupil(student.network, heat, share)
    contexts = pupil(tf.constant(x))
    found = float(pupil.compute_loss(x, y, contexts))
    targets, ids, told = y
    table, bias = np.asarray(student.network.table), np.asarray(student.network.bias)
    scores = np.einsum("bnd,bnkd->bnk", contexts, table[ids]) + bias[ids]
    real = targets > 0
    own = float(student.network.compute_loss(x, targets, contexts))
    far = formulas.distillation_loss(scores[real], told[real], heat)
    assert found == pytest.approx((1 - share) * own + share * far, rel=1e-4)


@pytest.mark.slow
def test_a_student_comes_to_agree_with_its_teacher(split, histories):
    """The teacher likes what nobody buys: only from it can that be learned."""
    teacher = Popularity(split.train.items).fit(split.train)
    teacher.counts = (np.arange(61) % 13 * 0.5).astype(np.float32)
    wanted = teacher.recommend(histories, 10, exclude_seen=False)[0]
    agreed = {}
    for share in (0.0, 1.0):
        student = distil(
            small(split), teacher, split.train, epochs=25, share=share, keep=60, learning_rate=1e-2
        )
        agreed[share] = top_overlap(
            student.recommend(histories, 10, exclude_seen=False)[0], wanted
        ).mean()
    assert agreed[1.0] > 0.8 > agreed[0.0]


def test_epochs_are_chosen_by_validation_and_counted(split):
    student = distil(
        small(split), Popularity(split.train.items).fit(split.train), split.train,
        epochs=3, validation=split.validation, patience=1,
    )  # fmt: skip
    assert 1 <= len(student.losses) <= 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0}, "^temperature: expected a finite number above 0"),
        ({"share": 1.5}, r"^share: expected a number in \[0, 1\]"),
        ({"keep": 0}, "^keep: expected an integer of at least 1"),
        ({"epochs": 0}, "^epochs: expected an integer of at least 1"),
        ({"patience": 2}, "^patience: expected a validation"),
    ],
)
def test_errors_name_the_argument(options, message, split):
    teacher = Popularity(split.train.items).fit(split.train)
    with pytest.raises(ValueError, match=message):
        distil(small(split), teacher, split.train, **options)


def test_a_student_whose_score_is_no_product_and_a_teacher_of_another_shop_are_refused(split):
    teacher = Popularity(split.train.items).fit(split.train)
    with pytest.raises(ValueError, match="^model: expected one whose score is a product"):
        distil(TargetAttention(split.train.items), teacher, split.train)
    other = Popularity(make_shop(20, 70).log.items)
    with pytest.raises(ValueError, match="^log: expected 70 items; received 60"):
        distil(small(split), other, split.train)
