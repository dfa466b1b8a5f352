"""How a network of the book learns: networks, losses, batches, ``fit``."""

from attnrec_lite.training.adam import FusedAdam
from attnrec_lite.training.batches import (
    Batches,
    ClozeBatches,
    PackedBatches,
    PaddedBatches,
    WindowBatches,
)
from attnrec_lite.training.checkpoint import Checkpoint
from attnrec_lite.training.distribution import fit_distributed
from attnrec_lite.training.fitting import fit
from attnrec_lite.training.losses import (
    binary_loss,
    full_softmax_loss,
    gbce_loss,
    sampled_softmax_loss,
)
from attnrec_lite.training.network import LOSSES, SMOOTHING, NextItemNetwork, independent_seeds
from attnrec_lite.training.validation import RankingValidation
from attnrec_lite.training.workers import run_workers

__all__ = [
    "LOSSES",
    "SMOOTHING",
    "Batches",
    "Checkpoint",
    "ClozeBatches",
    "FusedAdam",
    "NextItemNetwork",
    "PackedBatches",
    "PaddedBatches",
    "RankingValidation",
    "WindowBatches",
    "binary_loss",
    "fit",
    "fit_distributed",
    "full_softmax_loss",
    "gbce_loss",
    "independent_seeds",
    "run_workers",
    "sampled_softmax_loss",
]
