"""Training on train + val, as an objective: what comes of a trial is its network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline import training
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.mlp import MLP
from pipeline.nn.state import Diverged
from pipeline.scaling import scaling
from studies.objective import DigitsObjective
from studies.trials import Report, Trial, Values

HISTORY = ("train_loss", "train_accuracy", "learning_rate")


@dataclass(frozen=True)
class Retrained:
    """Training without validation images; the last report has the parameters as its detail.

    `epochs` says by variant how long to train instead of stopping early.
    """

    digits: DigitsObjective
    epochs: Mapping[str, int]

    def __call__(self, params: Values, seed: int) -> Iterator[Report]:
        """Yield a report after each epoch; a diverged network leaves no parameters."""
        settings, fault = self.digits.settings(params), self.digits.fault(params)
        last = self.epochs.get(params["variant"], settings.epochs)
        instead = {**fault.instead, "epochs": last, "patience": None}
        mlp, state, epochs = training.begin(
            settings, self.digits.train, None, seed, fault.network, instead=instead
        )
        size = {"parameters": mlp.size}
        try:
            for epoch in epochs:
                theta = state.theta.tobytes() if epoch.index == last else b""
                yield Report(
                    epoch.train_accuracy, {n: getattr(epoch, n) for n in HISTORY}, size, theta
                )
        except Diverged as diverged:
            lost = {"train_loss": np.nan, "train_accuracy": np.nan}
            lost |= {"learning_rate": diverged.learning_rate}
            yield Report(0.0, lost, size, stop="diverged", feasible=False)


def network(digits: DigitsObjective, trial: Trial) -> tuple[MLP, FloatArray]:
    """The network that a trial trained, and its parameters."""
    settings = digits.settings(trial.params)
    mlp = training.network(settings, digits.train, digits.fault(trial.params).network)
    theta: FloatArray = np.frombuffer(trial.detail, np.dtype(settings.precision))
    return mlp, theta


def answers(digits: DigitsObjective, trial: Trial, examples: Examples) -> FloatArray:
    """The probabilities (n, classes) that a trial's network gives; equal ones if it diverged."""
    if not trial.feasible:
        return np.full(examples.Y.shape, 1 / examples.Y.shape[1])
    mlp, theta = network(digits, trial)
    scaled = scaling(digits.settings(trial.params), digits.train)
    return mlp.outputs(theta, scaled.of(examples.X).astype(theta.dtype, copy=False))
