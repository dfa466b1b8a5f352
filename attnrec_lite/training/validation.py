"""Ask after each epoch how well the model ranks, with the evaluation that reports it later."""

from __future__ import annotations

from typing import Any

import keras

from attnrec_lite._checks import one_of, whole
from attnrec_lite.data.split import Holdout
from attnrec_lite.evaluation.run import check_question, evaluate
from attnrec_lite.evaluation.ties import METRICS
from attnrec_lite.models.base import Recommender
from attnrec_lite.training._generations import checksum


class RankingValidation(keras.callbacks.Callback):
    """Evaluate the model on held-out targets after each epoch.

    The figure goes into the logs as ``val_ndcg@10``, so that Keras' history, progress bar,
    ``EarlyStopping``, ``TensorBoard`` and ``CSVLogger`` see it, as long as they stand after it in
    the list of callbacks; ``fit`` puts it first.

    Args:
        model: the recommender whose network is trained.
        holdout: the targets to choose by, never those of the test.
        metric: one that ``evaluate`` computes, with its list length: ``"ndcg@10"``, or ``"auc"``.
        every: epochs from one evaluation to the next.
        protocol: how to rank, as in ``evaluate``: ``exclude_seen``, ``candidates``, ``batch``.

    Raises:
        ValueError: if there is no target, the holdout has another catalogue than the model, the
            metric is unknown or a number is out of range.

    >>> from attnrec_lite.data import Interactions, leave_one_out
    >>> from attnrec_lite.models import Popularity
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model, logs = Popularity(log.items), {}
    >>> RankingValidation(model, leave_one_out(log).validation, "hr@2").on_epoch_end(0, logs)
    >>> logs
    {'val_hr@2': 1.0}
    """

    def __init__(
        self,
        model: Recommender,
        holdout: Holdout,
        metric: str = "ndcg@10",
        every: int = 1,
        **protocol: Any,
    ) -> None:
        super().__init__()
        check_question(model, holdout)
        self.recommender, self.holdout = model, holdout
        name, _, length = metric.partition("@")
        one_of("metric", name, (*METRICS, "auc"))
        if bool(length) == (name == "auc") or (length and not length.isdecimal()):
            raise ValueError(
                f"metric: expected a name and a list length, such as 'ndcg@10', or 'auc'; "
                f"received {metric!r}"
            )
        self.metric, self.k = metric, whole("metric", int(length or 10))
        self.every, self.protocol = whole("every", every), protocol

    @property
    def monitor(self) -> str:
        """The name of the figure in the logs."""
        return f"val_{self.metric}"

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Evaluate, and add the figure to the logs."""
        if logs is not None and (epoch + 1) % self.every == 0:
            found = evaluate(self.recommender, self.holdout, self.k, **self.protocol)
            logs[self.monitor] = found.mean(self.metric)

    def identity(self) -> dict[str, Any]:
        """What the model is judged on, as plain JSON values, for a checkpoint."""
        held, protocol = self.holdout, {n: str(value) for n, value in self.protocol.items()}
        cases = checksum([held.log.user, held.log.item, held.row, held.known])
        return {"metric": self.metric, "every": self.every, "holdout": cases, **protocol}
