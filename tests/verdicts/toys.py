"""Made-up studies in memory: only what a rule looks at is anything special."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from analysis.load import Study
from analysis.results import Results

IMAGES = 1000
SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64, 128, 256]},
    "optimizer": {"type": "categorical", "choices": ["sgd", "adam"]},
}
RISING = tuple(0.9 - 0.5 * 0.7**epoch for epoch in range(10))
FLAT = (*RISING[:4], *[0.9] * 16)


def points(n: int, seed: int = 0) -> list[dict[str, Any]]:
    """Independent draws of the space, the rate away from its ends."""
    rng = np.random.default_rng(seed)
    return [
        {
            "learning_rate": float(10 ** rng.uniform(-3, -1)),
            "batch_size": int(rng.choice([16, 32, 64, 128, 256])),
            "optimizer": str(rng.choice(["sgd", "adam"])),
        }
        for _ in range(n)
    ]


def right(accuracy: float, apart: int = 0) -> NDArray[np.bool_]:
    """The images that a network gets right; `apart` shifts which, up to so many either way."""
    return np.roll(np.arange(IMAGES) < round(accuracy * IMAGES), apart)


def study(
    accuracies: Sequence[float],
    at: Sequence[Mapping[str, Any]] | None = None,
    *,
    key: str = "search",
    space: Mapping[str, Any] = SPACE,
    apart: Sequence[int] | None = None,
    curve: Sequence[float] = FLAT,
    losses: Sequence[float] | None = None,
    lost: Sequence[int] = (),
    pruned: Sequence[int] = (),
    about: Mapping[str, Any] | None = None,
) -> Study:
    """A study of these accuracies at these points; every trial has the same curve."""
    n = len(accuracies)
    trials = DataFrame(points(n) if at is None else at)
    trials = trials.assign(number=range(n), val_accuracy=list(accuracies), seed=range(n))
    trials["state"] = ["PRUNED" if i in pruned else "COMPLETE" for i in range(n)]
    trials["feasible"] = [int(i not in lost) for i in range(n)]
    trials["epochs_trained"], trials["parameters"] = len(curve), [1000 + i for i in range(n)]
    shifts = apart or [0] * n
    bits = [right(a, shift) for a, shift in zip(accuracies, shifts, strict=True)]
    counts = {"trials": n, "complete": n - len(pruned), "pruned": len(pruned)}
    counts |= {"diverged": len(lost), "epochs": n * len(curve), "validation_images": IMAGES}
    counts |= {"classes": 10}
    described = {
        "sampler": "random" if key == "random" else "tpe",
        "space": dict(space),
        "settings": {"epochs": len(curve)},
    }
    return Study(
        key=key,
        about=counts | described | {"key": key} | dict(about or {}),
        trials=trials,
        history=_history(n, curve, losses or [1 - accuracy for accuracy in curve]),
        timing=DataFrame({"number": range(n), "seconds": 1.0}),
        packed=np.packbits(np.array(bits, bool).reshape(n, IMAGES), axis=1),
    )


def confirmation(
    means: Mapping[tuple[str, int], float],
    *,
    roles: Mapping[tuple[str, int], str] | None = None,
    spread: float = 0.0,
    seeds: int = 5,
    noise: int = 0,
    **how: Any,
) -> Study:
    """Trials by study and number trained again: over the seeds a mean, give or take `spread`.

    `noise` images are other ones from configuration to configuration.
    """
    offsets = np.linspace(-spread, spread, seeds) if seeds > 1 else [0.0]
    rows = [
        (f"{key}-{number}", mean + offset, seed, noise * i)
        for i, ((key, number), mean) in enumerate(means.items())
        for seed, offset in enumerate(offsets)
    ]
    candidates = [
        {"variant": f"{key}-{number}", "study": key, "number": number, "params": {}}
        | {"role": (roles or {}).get((key, number), "search" if key == "search" else "baseline")}
        | {"val_accuracy": 0.99 - 0.01 * i}
        for i, (key, number) in enumerate(means)
    ]
    winner = {"variant": "{}-{}".format(*max(means, key=means.__getitem__, default=("", 0)))}
    again = study(
        [mean for _, mean, _, _ in rows],
        [{"variant": variant} for variant, _, _, _ in rows],
        key="confirm",
        space={},
        apart=[shift for _, _, _, shift in rows],
        about={"sampler": "variants", "candidates": candidates, "winner": winner},
        **how,
    )
    again.trials["seed"] = [seed for _, _, seed, _ in rows]
    return again


def results(*studies: Study, confirm: Study | None = None, reports: Path = Path()) -> Results:
    """A project of these studies, the first of which is the search."""
    each = {study.key: study for study in studies}
    return Results(reports=reports, studies=each, confirm=confirm, untuned=None, tuned=None)


def _history(n: int, curve: Sequence[float], losses: Sequence[float]) -> DataFrame:
    rows = [
        {
            "number": number,
            "epoch": epoch,
            "val_accuracy": accuracy,
            "val_loss": loss,
            "train_loss": loss / 2,
            "train_accuracy": min(accuracy + 0.05, 1.0),
            "learning_rate": 0.01,
        }
        for number in range(n)
        for epoch, (accuracy, loss) in enumerate(zip(curve, losses, strict=True), start=1)
    ]
    columns = ["number", "epoch", "val_accuracy", "val_loss", "train_loss", "train_accuracy"]
    return DataFrame(rows, columns=[*columns, "learning_rate"])
