"""How a network of the book learns: networks, losses, batches, ``fit``."""

from attnrec_lite.training.adam import FusedAdam
from attnrec_lite.training.batches import Batches, WindowBatches
from attnrec_lite.training.checkpoint import Checkpoint
from attnrec_lite.training.distribution import fit_distributed
from attnrec_lite.training.fitting import fit
from attnrec_lite.training.losses import sampled_softmax_loss
from attnrec_lite.training.network import SMOOTHING, NextItemNetwork, independent_seeds
from attnrec_lite.training.validation import RankingValidation

__all__ = [
    "SMOOTHING",
    "Batches",
    "Checkpoint",
    "FusedAdam",
    "NextItemNetwork",
    "RankingValidation",
    "WindowBatches",
    "fit",
    "fit_distributed",
    "independent_seeds",
    "sampled_softmax_loss",
]
