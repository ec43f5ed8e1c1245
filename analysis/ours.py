"""Where our figure is that stands beside a published one: a study, a test, PyTorch, a fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from pandas import DataFrame

from analysis import configurations, files, load, words
from analysis.load import Final, Study
from analysis.statistics import Bits, mean_accuracy
from pipeline.errors import UserError

Claim: TypeAlias = Any  # an entry of params.yaml: claims, whose class lives in pipeline
META = Path("data/prepared/meta.json")


class MissingError(UserError):
    """There is no figure of ours; says which command makes it, or why there is none."""


class Ours(NamedTuple):
    """Our figure: its interval if it has one, its images, how many training images are behind."""

    value: float
    low: float | None = None
    high: float | None = None
    split: str = ""
    seeds: int | None = None
    images: int | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """What there is to compare with, read when it is asked for; `sizes` are images by split."""

    reports: Path
    sizes: Mapping[str, int]
    known: dict[str, tuple[Study, DataFrame]] = field(default_factory=dict)

    def study(self, key: str) -> tuple[Study, DataFrame]:
        """A study and its configurations."""
        command = f"python -m studies run {key}"
        _ask_for(self.reports / "studies" / key / "study.json", f"study {key}", command)
        if key not in self.known:
            study = load.study(key, self.reports)
            self.known[key] = study, configurations.table(study)
        return self.known[key]

    @cached_property
    def final(self) -> Final:
        """What was tested."""
        _ask_for(self.reports / "final" / "metrics.json", "final", "python -m studies final")
        return load.final(self.reports)

    @cached_property
    def models(self) -> DataFrame:
        """What PyTorch trained: no row where it is not installed."""
        path, run = self.reports / "pytorch" / "models.csv", "python -m studies pytorch"
        _ask_for(path, "pytorch", run)
        columns = ("model", "train_accuracy", "val_accuracy", "test_accuracy")
        return files.csv(path, columns, f"run {run}", {"model": "str"})

    @cached_property
    def facts(self) -> DataFrame:
        """What the exercises without MNIST came to."""
        path, run = self.reports / "primer" / "facts.csv", "python -m pipeline primer"
        _ask_for(path, "primer", run)
        numbers = ["value", "low", "high", "seeds"]
        texts = files.csv(path, ("fact", *numbers), f"run {run}", dict.fromkeys(numbers, "str"))
        return texts[["fact"]].join(texts[numbers].astype("float64"))  # nan may stand there

    def right(self, split: str) -> Bits:
        """Which images of a split each network of PyTorch got right, (networks, images)."""
        name = "correct.npy" if split == "test" else "correct_val.npy"
        packed = files.array(self.reports / "pytorch" / name, "run python -m studies pytorch")
        return np.unpackbits(packed, axis=1, count=self.sizes[split]).astype(bool)


def sizes(meta: Path = META) -> dict[str, int]:
    """How many images each split has; none where nothing is prepared."""
    if not meta.is_file():
        return {}
    return dict(files.json_object(meta, ("sizes",), "run python -m pipeline prepare")["sizes"])


def find(claim: Claim, found: Found) -> Ours:
    """Our figure beside a claim. Raises: MissingError where it has not been made."""
    if claim.study:
        return _of_study(claim, *found.study(claim.study), found.sizes.get("train"))
    if claim.tested:
        return _of_tested(claim, found.final)
    return _of_pytorch(claim, found) if claim.pytorch else _of_primer(claim.primer, found.facts)


def _of_study(claim: Claim, study: Study, frame: DataFrame, images: int | None) -> Ours:
    """A variant's figure, or that of the best configuration that matches."""
    values = {"variant": claim.variant} if claim.variant else claim.where
    matching = _matching(frame, values)
    if matching.empty:
        what = words.parameters(dict(values), values)
        raise MissingError(f"{study.key} has no {what}; run python -m studies run {study.key}")
    best = matching.iloc[int(matching["val_accuracy"].argmax())]
    measure, count = claim.measure or "val_accuracy", int(best["seeds"])
    images = study.about["settings"].get("train_images") or images
    if measure == "parameters":
        return Ours(float(_matching(study.trials, values)["parameters"].iloc[0]), images=images)
    if measure == "epochs":
        return Ours(float(best["epochs"]), seeds=count, images=images)
    of = {"val_accuracy": "", "train_accuracy": "train_", "gap": "gap_"}[measure]
    ends = (_known(best[f"{of}low"]), _known(best[f"{of}high"]))
    split = "" if measure == "gap" else measure.removesuffix("_accuracy")
    return Ours(float(best[measure]), *ends, split, count, images)


def _matching(frame: DataFrame, values: Mapping[str, Any]) -> DataFrame:
    """The rows that have these values, as numbers or as texts."""
    for name, value in values.items():
        cell = list(value) if isinstance(value, tuple) else value
        texts = frame[name].dtype == "str"
        frame = frame[frame[name] == (str(cell) if texts else cell)]
    return frame


def _of_tested(claim: Claim, final: Final) -> Ours:
    """Test accuracy of a configuration, or training accuracy in its last epoch."""
    networks = final.networks[final.networks["configuration"] == claim.tested]
    if networks.empty:
        raise MissingError(f"{claim.tested} was not tested; run python -m studies final")
    images = int(networks["train_images"].iloc[0])
    if claim.measure == "train_accuracy":
        epochs = final.history[final.history["configuration"] == claim.tested]
        last = epochs.groupby("seed")["train_accuracy"].last().to_numpy()
        low, high = configurations.over_seeds(last)
        return Ours(float(last.mean()), low, high, "train", len(last), images)
    right = final.right(claim.tested)
    if claim.label is not None:
        right = right[:, (final.predictions["label"] == claim.label).to_numpy()]
        if not right.size:
            raise MissingError(f"no test image is of class {claim.label}; name one that is there")
    return _of_bits(right, "test", int(networks["seed"].count()), images)


def _of_pytorch(claim: Claim, found: Found) -> Ours:
    """Accuracy of a model that PyTorch trained."""
    if found.models.empty:
        raise MissingError("PyTorch is not installed; run make torch, then make experiments")
    chosen = (found.models["model"] == claim.pytorch).to_numpy()
    if not chosen.any():
        raise MissingError(f"{claim.pytorch} was not trained; run python -m studies pytorch")
    split = (claim.measure or "test_accuracy").removesuffix("_accuracy")
    if split != "train" and split in found.sizes:
        return _of_bits(found.right(split)[chosen], split, int(chosen.sum()))
    accuracies = found.models.loc[chosen, f"{split}_accuracy"].to_numpy()
    low, high = configurations.over_seeds(accuracies)
    return Ours(float(accuracies.mean()), low, high, split, len(accuracies))


def _of_bits(right: Bits, split: str, seeds: int, images: int | None = None) -> Ours:
    low, high = mean_accuracy(right)
    return Ours(float(right.mean()), low, high, split, seeds or None, images)


def _of_primer(name: str, facts: DataFrame) -> Ours:
    """A fact; not a number where nothing that was tried got there."""
    row = facts[facts["fact"] == name]
    if row.empty:
        raise MissingError(f"no fact {name}; run python -m pipeline primer")
    value, low, high, seeds = (_known(row[n].iloc[0]) for n in ("value", "low", "high", "seeds"))
    if value is None:
        raise MissingError("none that was tried got there")
    return Ours(value, low, high, seeds=None if seeds is None else int(seeds))


def _known(number: float | None) -> float | None:
    return None if number is None or np.isnan(number) else float(number)


def _ask_for(path: Path, what: str, command: str) -> None:
    """Raises: MissingError if a file of a stage is not there."""
    if not path.is_file():
        raise MissingError(f"{what} has not been run; run {command}")
