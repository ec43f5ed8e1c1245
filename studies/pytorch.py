"""Stage `pytorch`: models trained by PyTorch from the same start as here, and tested.

Opens the test split, as `final` does and after it: these configurations were fixed beforehand, and
nothing is chosen by what comes out. Reads data/prepared/; writes reports/pytorch/: models.csv (a
row a model and seed), correct.npy and correct_val.npy (its right answers to test and validation
images, a bit an image), timing.csv, environment.json. Where torch is not installed the tables have
no rows.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np

from pipeline import dataset, params, training
from pipeline.errors import UserError
from pipeline.files import make_folder, replacing, write_json, write_text
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import Epoch
from pipeline.nn.state import Diverged, State
from pipeline.outputs import write_csv
from pipeline.params import PARAMS, Params
from pipeline.scaling import scaling, taken
from pipeline.settings import Trainer
from studies import environment, torch_network
from studies.execution import settle
from studies.export import nine_digits
from studies.tested import Bits
from studies.workers import processes

REPORT = Path("reports/pytorch")
VERSION = Path("data/torch_version.txt")
METRICS = ("train_accuracy", "val_accuracy", "test_accuracy", "weight_difference")
COLUMNS = ("model", "seed", "epochs", "updates", *METRICS)
TIMES = ("model", "seed", "torch_seconds", "numpy_seconds")


class Task(NamedTuple):
    """A model to train with a seed; the settings of the weights that it begins with, if any."""

    model: str
    seed: int
    settings: Trainer
    before: Trainer | None


class Trained(NamedTuple):
    """What torch made of a model: right answers, and how far its weights are from those here."""

    task: Task
    updates: int
    train: Bits
    val: Bits
    test: Bits
    weight_difference: float
    seconds: tuple[float, float]  # torch's, ours


class Splits(NamedTuple):
    """The prepared images of each split."""

    train: Examples
    val: Examples
    test: Examples


def run(tell: Callable[[str], None] = lambda _: None) -> str:
    """Train and test every model, write the report; returns one line on what came of it.

    Raises: UserError if there are no models, or one has settings that only the trainer here has.
    """
    loaded = params.load()
    todo = tasks(loaded)
    splits = Splits(*(dataset.load(name) for name in Splits._fields))
    found = torch_network.installed()
    make_folder(REPORT)
    done: list[Trained] = []
    if found:
        for each in processes(settle(loaded.execution).jobs)(
            joblib.delayed(trained)(task, splits) for task in todo
        ):
            done.append(each)
            accuracy, of = f"{each.test.mean():.2%}", f"{len(done)}/{len(todo)}"
            tell(f"pytorch: {of} {each.task.model}, seed {each.task.seed}: test {accuracy}")
    write(done, splits)
    write_json(REPORT / "environment.json", environment.here() | {"torch": found or "none"})
    if not found:
        return "pytorch: skipped, for PyTorch is not installed; `make torch` installs it"
    return f"pytorch: {len(done)} networks, torch {found}; see {REPORT}"


def write_version() -> str:
    """Write which torch is installed, so that a change of it is noticed; returns one line."""
    found = torch_network.installed() or "none"
    write_text(VERSION, f"{found}\n")
    return f"torch: {found}"


def tasks(loaded: Params) -> list[Task]:
    """Every model with every seed, in order.

    Raises: UserError if there are none, or PyTorch's network does not have a setting.
    """
    section = loaded.pytorch
    if not section:
        raise UserError(f"{PARAMS} needs a section pytorch for this; add it")
    ours = loaded.trainer.updated(section.settings)
    found = []
    for name, settings in section.trainings(loaded.trainer).items():
        for lack in torch_network.lacking(settings):
            raise UserError(f"{PARAMS}: pytorch.models.{name}.{lack}; change it")
        before = ours if section.models[name].start == "trained" else None
        if before and before.hidden_size != settings.hidden_size:
            raise UserError(
                f"{PARAMS}: pytorch.models.{name}.hidden_size must be that of pytorch.settings, "
                f"whose weights it starts with, but is {list(settings.hidden_size)}; change it"
            )
        found += [Task(name, seed, settings, before) for seed in section.seeds]
    return found


def trained(task: Task, splits: Splits) -> Trained:
    """Train a model with a seed twice, by torch and here, both from the same start."""
    settings = task.settings
    mlp, state, epochs = training.begin(settings, splits.train, None, task.seed)
    _, twin, _ = training.begin(settings, splits.train, None, task.seed)
    if task.before:
        state.theta[:] = twin.theta[:] = _trained_here(task.before, splits.train, task.seed)
    how = training.recipe(settings, len(taken(settings, splits.train).X))
    inputs = Splits(*_scaled(settings, splits))
    began = time.perf_counter()
    theta = torch_network.train(mlp, twin, inputs.train, how, settings)
    between = time.perf_counter()
    difference = _difference(theta, state, epochs)
    seconds = between - began, time.perf_counter() - between
    right = [torch_network.predicted(mlp, theta, s.X, settings) == s.labels for s in inputs]
    updates = settings.epochs * -(-len(inputs.train.X) // how.batch_size)
    return Trained(task, updates, right[0], right[1], right[2], difference, seconds)


def write(done: Sequence[Trained], splits: Splits) -> None:
    """Write what was trained: tables and right answers, a row each, none where there is none."""
    write_csv(REPORT / "models.csv", COLUMNS, map(_row, done))
    bits = {"correct": (splits.test, "test"), "correct_val": (splits.val, "val")}
    for name, (images, split) in bits.items():
        right = np.array([getattr(each, split) for each in done], np.bool_)
        with replacing(REPORT / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, np.packbits(right.reshape(len(done), len(images.X)), axis=1))
    seconds = ([*e.task[:2], *(f"{each:.3f}" for each in e.seconds)] for e in done)
    write_csv(REPORT / "timing.csv", TIMES, seconds)


def _row(of: Trained) -> list[object]:
    accuracies = (float(right.mean()) for right in (of.train, of.val, of.test))
    numbers = map(nine_digits, (*accuracies, of.weight_difference))
    return [*of.task[:2], of.task.settings.epochs, of.updates, *numbers]


def _scaled(settings: Trainer, splits: Splits) -> Iterator[Examples]:
    """The images as they enter the network; of training images those that are trained on."""
    scaled, dtype = scaling(settings, splits.train), np.dtype(settings.precision)
    for images in (taken(settings, splits.train), splits.val, splits.test):
        yield scaled.examples(images).astype(dtype)


def _trained_here(settings: Trainer, train: Examples, seed: int) -> FloatArray:
    """The weights that training here ends with. Raises: UserError if it diverges."""
    _, state, epochs = training.begin(settings, train, None, seed)
    try:
        deque(epochs, maxlen=0)
    except Diverged as diverged:
        raise UserError(f"{PARAMS}: pytorch.settings, seed {seed}: {diverged}") from None
    return state.theta


def _difference(theta: FloatArray, state: State, epochs: Iterator[Epoch]) -> float:
    """Train here, then ||theta - ours|| / ||ours||; NaN if that diverged."""
    try:
        deque(epochs, maxlen=0)
    except Diverged:
        return math.nan
    return float(np.linalg.norm(theta - state.theta) / np.linalg.norm(state.theta))
