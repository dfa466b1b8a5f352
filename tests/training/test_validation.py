"""The figure after each epoch is the one that the evaluation would report."""

import csv

import keras
import numpy as np
import pytest

from attnrec_lite.data import Holdout
from attnrec_lite.evaluation import Sampled, evaluate
from attnrec_lite.models import Popularity
from attnrec_lite.training import RankingValidation


def judged(small, *arguments, **options):
    model = small.model()
    return RankingValidation(model, small.split.validation, *arguments, **options), model


@pytest.mark.parametrize(
    ("metric", "protocol"),
    [
        ("ndcg@10", {}),
        ("hr@1", {"exclude_seen": False}),
        ("mrr@5", {"candidates": Sampled(10), "batch": 7}),
        ("auc", {}),
    ],
)
def test_the_figure_is_that_of_the_evaluation(small, metric, protocol):
    validation, model = judged(small, metric, **protocol)
    logs = {"loss": 1.0}
    validation.on_epoch_end(0, logs)
    k = int(metric.partition("@")[2] or 10)
    expected = evaluate(model, small.split.validation, k, **protocol).mean(metric)
    assert logs == {"loss": 1.0, f"val_{metric}": expected}
    assert validation.monitor == f"val_{metric}"


def test_it_judges_every_so_many_epochs(small):
    validation, _ = judged(small, every=3)
    seen = []
    for epoch in range(7):
        logs = {}
        validation.on_epoch_end(epoch, logs)
        seen.append(bool(logs))
    assert seen == [False, False, True, False, False, True, False]


def test_it_sees_the_weights_of_the_moment(small):
    validation, model = judged(small, "hr@1", exclude_seen=False)
    best = np.bincount(small.split.validation.item).argmax()
    model.network.bias.assign(np.eye(31)[best] * 1e3)
    logs = {}
    validation.on_epoch_end(0, logs)
    assert logs["val_hr@1"] == np.mean(small.split.validation.item == best)


def test_callbacks_of_keras_see_it(small, tmp_path):
    early = keras.callbacks.EarlyStopping("val_ndcg@10", mode="max", patience=1, min_delta=1.0)
    table = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    board = keras.callbacks.TensorBoard(tmp_path / "board", write_graph=False)
    seen = {}
    last = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.update({epoch: logs})
    )
    model = small.fitted(5, patience=None, callbacks=[early, table, board, last])
    assert len(model.losses) == 2  # nothing is better by 1 than what there was before
    figures = [logs["val_ndcg@10"] for logs in seen.values()]
    assert figures[-1] == evaluate(model, small.split.validation).mean("ndcg@10")
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_ndcg@10"]) for row in rows] == figures
    assert [float(row["loss"]) for row in rows] == model.losses
    assert scalars(tmp_path / "board" / "validation")["epoch_ndcg@10"] == pytest.approx(figures)
    assert scalars(tmp_path / "board" / "train")["epoch_loss"] == pytest.approx(model.losses)


def scalars(folder):
    """What TensorBoard would draw: tag to the values of the epochs."""
    import tensorflow as tf

    found = {}
    for file in sorted(folder.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found.setdefault(value.tag, []).append(tf.make_ndarray(value.tensor).item())
    return found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("accuracy@10",), "^metric: expected one of hr, .*, auc; received 'accuracy'$"),
        (("ndcg",), "^metric: expected a name and a list length.*; received 'ndcg'$"),
        (("ndcg@ten",), "^metric: expected a name and a list length"),
        (("auc@10",), "^metric: expected a name and a list length"),
        (("ndcg@0",), "^metric: expected an integer of at least 1; received 0"),
        (("ndcg@10", 0), "^every: expected an integer of at least 1; received 0"),
    ],
)
def test_what_cannot_be_judged_is_refused(small, arguments, message):
    with pytest.raises(ValueError, match=message):
        judged(small, *arguments)


def test_a_holdout_that_cannot_be_asked_is_refused(small):
    held = small.split.validation
    with pytest.raises(ValueError, match="^holdout: expected at least one target"):
        RankingValidation(small.model(), Holdout(held.log, held.row[:0]))
    other = type(small)(raw=np.arange(100, 200))
    with pytest.raises(ValueError, match="^model: expected the catalogue of the holdout"):
        RankingValidation(small.model(), other.split.validation)


def test_any_recommender_can_be_judged(small):
    model = Popularity(small.log.items).fit(small.split.train)
    logs = {}
    RankingValidation(model, small.split.validation).on_epoch_end(0, logs)
    assert logs["val_ndcg@10"] == evaluate(model, small.split.validation).mean("ndcg@10")


def test_its_identity_tells_questions_apart(small):
    same = [judged(small)[0].identity() for _ in range(2)]
    assert same[0] == same[1]
    others = [
        judged(small, "ndcg@5")[0],
        judged(small, every=2)[0],
        judged(small, exclude_seen=False)[0],
        judged(small, candidates=Sampled(10))[0],
        judged(small, candidates=Sampled(10, seed=1))[0],
        RankingValidation(small.model(), small.split.test),
    ]
    identities = [str(same[0]), *(str(other.identity()) for other in others)]
    assert len(set(identities)) == len(identities)
