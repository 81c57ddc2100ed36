"""Exponential averages of a network's weights over epochs.

Polyak and Juditsky (SIAM J. Control Optim. 30, 838, 1992) average uniformly; here late epochs count more.
ASSUME: BatchNorm's running statistics are averaged like weights. Stochastic weight averaging (Izmailov et al., UAI
2018) recomputes them under the averaged weights, with one more pass over the training graphs for each score.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from qcomm.graphs.graph_network import GraphNetwork


class WeightAverage:
    """Average of the parameters and running statistics seen so far, an epoch's share `memory` times the next one's.

    The shares sum to one from the first epoch on (as Adam corrects its moments).

    Args:
        network: whose weights are averaged.
        memory: in [0, 1); 0 for the last epoch alone, which costs nothing.
    """

    def __init__(self, network: GraphNetwork, memory: float):
        self.live = [network.flat, network.running_mean, network.running_var] if memory else []
        self.means, self.memory, self.epochs = [array.copy() for array in self.live], memory, 0

    def update(self) -> None:
        """Take in the weights after one more epoch."""
        self.epochs += 1
        share = (1 - self.memory) / (1 - self.memory**self.epochs)
        for mean, array in zip(self.means, self.live, strict=True):
            mean += mean.dtype.type(share) * (array - mean)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network has the averages inside, and its own weights again after."""
        own = [array.copy() for array in self.live]
        self._put(self.means)
        try:
            yield
        finally:
            self._put(own)

    def _put(self, values: list[np.ndarray]) -> None:
        for array, value in zip(self.live, values, strict=True):
            array[:] = value
