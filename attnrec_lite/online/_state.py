"""Everything that an update changes, so that it can be put back to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attnrec_lite.online.incremental import Incremental


class State:
    """Weights, slots of the optimizer, random states and the best guard, as they were.

    Args:
        online: whose state it is; it is copied now.
    """

    def __init__(self, online: Incremental) -> None:
        self.online, self.best = online, online._best
        self.variables = [*online._network.variables, *online._optimizer.variables]
        # A copy: what TensorFlow hands out may share memory with what the next step writes to.
        self.values = [np.asarray(variable.value).copy() for variable in self.variables]
        self.random = online._rng.bit_generator.state

    def restore(self) -> None:
        """Put it back."""
        for variable, value in zip(self.variables, self.values, strict=True):
            variable.assign(value)
        self.online._best = self.best
        self.online._rng.bit_generator.state = self.random
