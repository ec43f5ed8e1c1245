"""The digits objective, and beside its scores what no search may see: held-out accuracy, work."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import numpy as np

from pipeline import training
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import Epoch
from pipeline.nn.mlp import MLP
from pipeline.nn.state import Diverged
from studies.objective import DigitsObjective
from studies.trials import Report, Values

HELD_OUT, CPU_SECONDS = "held_out_accuracy", "cpu_seconds"


@dataclass(frozen=True)
class Watched:
    """Scores as `digits` gives them; the last epoch also says how good the network is on others.

    Only a trial that is trained to its end may be chosen, so only its network is tested. The
    processor's seconds of an epoch are those of the thread that trains, the test left out.
    """

    digits: DigitsObjective
    held_out: Examples

    def __call__(self, params: Values, seed: int) -> Iterator[Report]:
        """Yield a report after each epoch; a diverged network ends at chance level."""
        settings, chance = self.digits.settings(params), 1 / self.held_out.Y.shape[1]
        mlp, state, epochs = training.begin(settings, self.digits.train, self.digits.val, seed)
        try:
            for epoch, seconds in _timed(epochs):
                last = epoch.index == settings.epochs
                held_out = accuracy(mlp, state.theta, self.held_out) if last else nan
                yield Report(epoch.val_accuracy, {HELD_OUT: held_out, CPU_SECONDS: seconds})
        except Diverged:
            lost = {HELD_OUT: chance, CPU_SECONDS: 0.0}
            yield Report(chance, lost, stop="diverged", feasible=False)


def accuracy(mlp: MLP, theta: FloatArray, examples: Examples) -> float:
    """The share of examples that the network gets right."""
    return float(np.mean(mlp.outputs(theta, examples.X).argmax(axis=1) == examples.labels))


def _timed(epochs: Iterator[Epoch]) -> Iterator[tuple[Epoch, float]]:
    """Each epoch with the seconds that this thread computed for it."""
    began = time.thread_time()
    for epoch in epochs:
        yield epoch, time.thread_time() - began
        began = time.thread_time()
