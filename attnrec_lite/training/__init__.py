"""How a network of the book learns: networks, losses, batches, ``fit``."""

from attnrec_lite.training.batches import Batches, WindowBatches
from attnrec_lite.training.fitting import fit
from attnrec_lite.training.losses import sampled_softmax_loss
from attnrec_lite.training.network import SMOOTHING, NextItemNetwork, independent_seeds

__all__ = [
    "SMOOTHING",
    "Batches",
    "NextItemNetwork",
    "WindowBatches",
    "fit",
    "independent_seeds",
    "sampled_softmax_loss",
]
