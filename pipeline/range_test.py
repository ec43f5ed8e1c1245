"""The learning-rate range test: which rates the network of `params.yaml: train` can take.

Trains with a rate that rises at every step (Smith, 2017, arXiv:1506.01186, section 3.3), on the
training images alone. Reads data/prepared/train/, writes reports/range_test.csv.
"""

import contextlib
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import dataset, training
from pipeline.errors import UserError
from pipeline.nn.arrays import FloatArray
from pipeline.nn.mlp import MLP
from pipeline.nn.schedules import Schedule, rising
from pipeline.nn.state import Diverged
from pipeline.outputs import write_csv
from pipeline.settings import Trainer

REPORT = Path("reports/range_test.csv")
MEMORY = 0.9  # of the moving average of losses
SETTLED = 10  # steps after which that average is no longer a batch or two
LEAST_STEPS = 2 * SETTLED
LAST_RATES = 0.8  # of the highest: where the loss still falls there, the range is too low
LEAST_FALL = 0.05  # of the settled loss: less is noise
HOPELESS = 4.0  # times the first loss: the test ends


def run(trainer: Trainer, seed: int, *, low: float, high: float, epochs: int) -> str:
    """Train, write a row a step; returns what the losses say in one line.

    Raises: UserError if the limits are not in order, or no rate lowers the loss.
    """
    if not (0 < low < high < math.inf and epochs > 0):
        raise UserError(
            f"`0 < low < high` and `epochs > 0` must hold, but got low={low:g}, high={high:g}, "
            f"epochs={epochs}; change the options"
        )
    rates, losses = sweep(trainer, seed, rising(low, high, epochs), epochs)
    if len(losses) < LEAST_STEPS:
        raise UserError(
            f"a range test needs {LEAST_STEPS} steps with a finite loss, but made {len(losses)}; "
            "choose a smaller --low, more --epochs or smaller batches"
        )
    smoothed = average(losses)
    rows = enumerate(zip(rates, losses, smoothed, strict=True), 1)
    cells = ([step, *(f"{number:.9g}" for number in row)] for step, row in rows)
    write_csv(REPORT, ["step", "learning_rate", "loss", "smoothed_loss"], cells)
    lowest = int(smoothed.argmin())
    if lowest < SETTLED + 2 or smoothed[lowest] > (1 - LEAST_FALL) * smoothed[SETTLED]:
        raise UserError(
            f"rates from {low:g} to {rates[-1]:.2g} must lower the loss by {LEAST_FALL:.0%}, but "
            "do not; choose a smaller --low or a larger --high, or look at the network"
        )
    if rates[lowest] > LAST_RATES * high:
        raise UserError(f"the loss must rise again before {high:g}, but still falls; raise --high")
    slopes = np.gradient(smoothed[: lowest + 1], np.log(rates[: lowest + 1]))
    steepest = SETTLED + slopes[SETTLED:].argmin()
    return (
        f"range-test: the loss falls fastest at rate {rates[steepest]:.2g} and is lowest at "
        f"{rates[lowest]:.2g}; a tenth of that, {rates[lowest] / 10:.2g}, is a good first guess; "
        f"see {REPORT}"
    )


def sweep(
    trainer: Trainer, seed: int, schedule: Schedule, epochs: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The rate and the loss of every step, until the loss is hopeless or not finite."""
    rates: list[float] = []
    losses: list[float] = []

    def recorded(passed: float) -> float:
        rates.append(schedule(passed))
        return rates[-1]

    class Recorded(MLP):
        """A network that keeps the loss of every step."""

        def loss_gradient(self, logits: FloatArray, Y: FloatArray, scale: float = 1.0) -> float:
            """As every network; a hopeless loss counts as one that is not finite."""
            losses.append(super().loss_gradient(logits, Y, scale))
            return losses[-1] if losses[-1] < HOPELESS * losses[0] else np.inf

    train, instead = (
        dataset.load("train"),
        {"schedule": recorded, "epochs": epochs, "patience": None},
    )
    _, _, sweeping = training.begin(trainer, train, None, seed, Recorded, instead=instead)
    with contextlib.suppress(Diverged):
        list(sweeping)
    finite = np.isfinite(losses)
    return np.array(rates)[finite], np.array(losses)[finite]


def average(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The exponential moving average of losses (steps,), corrected for its start at 0."""
    mean, means = 0.0, []
    for step, loss in enumerate(losses, 1):
        mean = MEMORY * mean + (1 - MEMORY) * float(loss)
        means.append(mean / (1 - MEMORY**step))
    return np.array(means)
