"""The digits objective: parameters and a seed to a learning curve; no storage, no side effects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, nan

import numpy as np

from pipeline import training
from pipeline.nn.examples import Examples
from pipeline.nn.fit import Epoch
from pipeline.nn.state import Diverged
from pipeline.scaling import taken
from pipeline.settings import Trainer
from pipeline.study_settings import Variant
from studies.faults import SOUND, Fault
from studies.space import decode
from studies.trials import Report, Values

METRIC = "val_accuracy"
HISTORY = ("val_loss", "train_loss", "train_accuracy", "learning_rate")
OPERATIONS_PER_STEP = 2.5e6  # what a step costs beside its arithmetic, counted as operations
OPERATIONS_PER_UPDATE = 40  # an optimizer's passes over one parameter, waiting for memory


@dataclass(frozen=True)
class DigitsObjective:
    """Train on `train`, score on `val`: validation accuracy after each epoch.

    With early stopping the trial's value is that of the epoch whose weights are kept.

    Parameters are trainer settings that replace those of `base`; the parameter `variant` stands
    for the settings of that name in `variants`, and for the network with that variant's defect.
    """

    base: Trainer
    train: Examples
    val: Examples
    variants: Mapping[str, Variant]
    faults: Mapping[str, Fault]

    def __call__(self, params: Values, seed: int) -> Iterator[Report]:
        """Yield a report after each epoch; a diverged network ends at chance level."""
        settings, fault = self.settings(params), self.fault(params)
        mlp, state, epochs = training.begin(
            settings, self.train, self.val, seed, fault.network, instead=fault.instead
        )
        attributes = {"parameters": mlp.size}
        correct = np.zeros(len(self.val.X), np.bool_)
        try:
            for epoch in epochs:
                kept = state.best.epoch if state.best else epoch.index
                correct = epoch.val_correct if kept == epoch.index else correct
                bits = np.packbits(correct).tobytes()
                yield Report(epoch.val_accuracy, _metrics(epoch), attributes, bits, kept)
        except Diverged as diverged:
            chance = 1 / self.train.Y.shape[1]
            lost = dict.fromkeys(HISTORY, nan) | {"learning_rate": diverged.learning_rate}
            nothing = np.packbits(np.zeros_like(correct)).tobytes()
            yield Report(chance, lost, attributes, nothing, stop="diverged", feasible=False)

    def settings(self, params: Values) -> Trainer:
        """The trainer settings that `params` stand for."""
        if "variant" in params:
            return self.base.updated(self.variants[params["variant"]])
        return self.base.with_values(decode(params))

    def fault(self, params: Values) -> Fault:
        """The defect of the variant that `params` stand for, or none."""
        return self.faults.get(params.get("variant", ""), SOUND)

    def cost(self, params: Values) -> float:
        """About how many operations training takes, to its last epoch."""
        settings = self.settings(params)
        size = training.network(settings, self.train).size
        n = len(taken(settings, self.train).X)
        steps = 1 if settings.batch_size == "full" else ceil(n / settings.batch_size)
        per_step = OPERATIONS_PER_STEP + OPERATIONS_PER_UPDATE * size
        return settings.epochs * (6.0 * n * size + steps * per_step)


def _metrics(epoch: Epoch) -> dict[str, float]:
    return {name: getattr(epoch, name) for name in HISTORY}
