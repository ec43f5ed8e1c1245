"""Made-up reports with the files and columns of real ones, written in milliseconds."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from studies.export import COLUMNS

IMAGES = 400  # validation images
SPACE: dict[str, dict[str, Any]] = {
    "hidden_size": {"type": "int", "low": 16, "high": 512, "log": True, "step": 1},
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True, "step": None},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64, 128, 256]},
    "optimizer": {"type": "categorical", "choices": ["sgd", "momentum", "adam"]},
    "decay_epochs": {"type": "categorical", "choices": [[], [10], [10, 15], [8, 12, 16]]},
}
GRID_SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"type": "categorical", "choices": [1e-4, 1e-3, 1e-2, 1e-1]},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64, 128]},
    "hidden_size": {"type": "categorical", "choices": [16, 32, 64]},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "wrong_gradient": {"hidden_size": [128], "fault": "output_error_sign"},
    "gradient_fixed": {"hidden_size": [128]},
    "units_256": {"hidden_size": [256]},
    "units_512": {"hidden_size": [512]},
    "rate_too_high": {"hidden_size": [1024], "learning_rate": 0.15},
    "units_1024": {"hidden_size": [1024]},
}
SETTINGS: dict[str, Any] = {
    "hidden_size": [128],
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate": 0.001,
    "momentum": 0.9,
    "batch_size": 64,
    "epochs": 20,
    "decay_epochs": [],
    "decay_factor": 0.1,
    "l2": 0.0,
    "clip": None,
}


def write_all(root: Path) -> Path:
    """Write four studies, what was confirmed, every network; return `root/reports`."""
    from tests.plots import made_up_networks  # which takes its curves from here

    reports = root / "reports"
    points = {key: draws(seed) for key, seed in (("search", 1), ("random", 2))}
    grid = [
        dict(zip(GRID_SPACE, values, strict=True))
        for values in product(*(d["choices"] for d in GRID_SPACE.values()))
    ]
    write_study(reports, "search", points["search"], space=SPACE, sampler="tpe", pruned=0.5)
    write_study(reports, "random", points["random"], space=SPACE, sampler="random")
    write_study(reports, "grid", grid, space=GRID_SPACE, sampler="grid")
    write_iterations(reports)
    write_confirm(reports)
    made_up_networks.write(reports)
    return reports


def write_study(
    reports: Path,
    key: str,
    points: Iterable[Mapping[str, Any]],
    *,
    space: Mapping[str, Any],
    sampler: str,
    pruned: float = 0.0,
    diverged: float | None = None,
) -> Path:
    """Write one searched study: `pruned` is the share stopped early, `diverged` of non-finite."""
    rng = np.random.default_rng(len(key))
    trials = [
        _trial(number, dict(point), rng, pruned=pruned, diverged=diverged)
        for number, point in enumerate(points)
    ]
    about = {"sampler": sampler, "space": dict(space)}
    return _write(reports / "studies" / key, trials, about, columns=list(space))


def write_iterations(reports: Path, key: str = "iterations") -> Path:
    """Write a study of fixed variants over three seeds."""
    rng = np.random.default_rng(5)
    accuracy = dict(zip(VARIANTS, (0.1, 0.905, 0.918, 0.921, 0.1, 0.923), strict=True))
    trials = []
    for number, (variant, seed) in enumerate(product(VARIANTS, (1, 2, 3))):
        lost = accuracy[variant] == 0.1
        reached = 0.1 if lost else accuracy[variant] + rng.normal(0, 0.003)
        hidden = VARIANTS[variant]["hidden_size"][0]
        trial = record(number, {"variant": variant}, reached, epochs=2 if lost else 80)
        trial |= {"seed": seed, "parameters": 795 * hidden + 10}
        if lost:
            trial |= {"feasible": 0, "stop_reason": "diverged"}
        trials.append(trial)
    check = {v: {"error": 3e-9, "passed": True} for v in VARIANTS}
    check["wrong_gradient"] = {"error": 0.71, "passed": False}
    settings = SETTINGS | {
        "optimizer": "momentum",
        "learning_rate": 0.01,
        "batch_size": 128,
        "epochs": 80,
    }
    about = {"sampler": "variants", "variants": VARIANTS, "seeds": [1, 2, 3]}
    about |= {"gradient_check": check, "settings": settings}
    return _write(reports / "studies" / key, trials, about, columns=["variant"])


def write_confirm(reports: Path) -> Path:
    """Write candidates of the search and of the random search, trained again over three seeds."""
    means = {"search-3": 0.940, "search-7": 0.938, "search-5": 0.915, "random-2": 0.932}
    roles = dict(zip(means, ("search", "search", "pruned", "baseline"), strict=True))
    rng = np.random.default_rng(6)
    trials = []
    for number, (variant, seed) in enumerate(product(means, (101, 102, 103))):
        reached = means[variant] + rng.normal(0, 0.003)
        trial = record(number, {"variant": variant}, reached, epochs=20)
        trials.append(trial | {"seed": seed, "parameters": 101770})
    candidates = [
        {
            "variant": name,
            "role": role,
            "study": name.partition("-")[0],
            "number": int(name.partition("-")[2]),
            "val_accuracy": 0.955 if role == "search" else 0.93,
            "params": {"hidden_size": 128, "learning_rate": 0.01},
        }
        for name, role in roles.items()
    ]
    about = {"sampler": "variants", "variants": {name: {} for name in means}}
    about |= {"candidates": candidates, "winner": {"variant": "search-3", "epoch": 20}}
    return _write(reports / "confirm", trials, about, columns=["variant"])


def draws(seed: int, n: int = 64) -> list[dict[str, Any]]:
    """Draw `n` independent points of the search space."""
    rng = np.random.default_rng(seed)
    return [
        {
            "hidden_size": int(2 ** rng.uniform(4, 9)),
            "learning_rate": float(10 ** rng.uniform(-4, 0)),
            **{
                name: SPACE[name]["choices"][rng.integers(len(SPACE[name]["choices"]))]
                for name in ("batch_size", "optimizer", "decay_epochs")
            },
        }
        for _ in range(n)
    ]


def _trial(
    number: int,
    point: dict[str, Any],
    rng: np.random.Generator,
    *,
    pruned: float,
    diverged: float | None,
) -> dict[str, Any]:
    """One trial whose accuracy peaks at a learning rate that depends on the optimizer."""
    best = {"sgd": -0.7, "momentum": -1.6}.get(point.get("optimizer", "adam"), -2.5)
    off = math.log10(point["learning_rate"]) - best
    capacity = 0.012 * (math.log2(point["hidden_size"]) - 6)
    accuracy = 0.93 + capacity - 0.025 * off**2 + rng.normal(0, 0.004)
    trial = record(number, point, min(max(accuracy, 0.1), 0.965), epochs=20)
    trial["parameters"] = 795 * point["hidden_size"] + 10
    if off > 1.2 if diverged is None else rng.random() < diverged:
        trial |= {
            "val_accuracy": 0.1,
            "feasible": 0,
            "stop_reason": "diverged",
            "epochs_trained": 2,
        }
    elif rng.random() < pruned:
        trial |= {
            "state": "PRUNED",
            "stop_reason": "pruned",
            "epochs_trained": int(rng.integers(3, 9)),
        }
        trial["val_accuracy"] -= 0.05
    return trial


def record(number: int, point: dict[str, Any], accuracy: float, *, epochs: int) -> dict[str, Any]:
    """A trial that finished, as a row of trials.csv."""
    return {
        "number": number,
        "round": number // 16,
        "state": "COMPLETE",
        "val_accuracy": round(accuracy * IMAGES) / IMAGES,
        "feasible": 1,
        "stop_reason": "finished",
        "epochs_trained": epochs,
        "seed": 1000 + number,
        "parameters": 0,
    } | point


def _write(
    folder: Path, trials: list[dict[str, Any]], about: dict[str, Any], *, columns: list[str]
) -> Path:
    folder.mkdir(parents=True)
    trials = [trial | {"epoch_kept": trial["epochs_trained"]} for trial in trials]
    write_csv(folder / "trials.csv", trials, [*COLUMNS, *columns])
    write_csv(folder / "history.csv", (row for t in trials for row in curve(t)))
    write_csv(folder / "timing.csv", _timing(trials))
    difficulty = np.random.default_rng(3).random(IMAGES)
    np.save(folder / "correct.npy", np.stack([_bits(t, difficulty) for t in trials]))
    finished = [t for t in trials if t["state"] == "COMPLETE"]
    best = max(finished, key=lambda t: t["val_accuracy"], default=None)
    about = {
        "key": folder.name,
        "name": f"{folder.name}-0123456789ab",
        "fingerprint": "0123456789ab",
        "metric": "val_accuracy",
        "seed": 1,
        "round_size": 16,
        "pruner": {"type": "none"},
        "settings": SETTINGS,
        "space": {},
        "trials": len(trials),
        "complete": len(finished),
        "pruned": len(trials) - len(finished),
        "diverged": sum(t["feasible"] == 0 for t in trials),
        "epochs": sum(t["epochs_trained"] for t in trials),
        "validation_images": IMAGES,
        "classes": 10,
        "best": best
        and {k: best[k] for k in ("number", "val_accuracy")}
        | {"params": {c: best[c] for c in columns}},
    } | about
    (folder / "study.json").write_text(json.dumps(about))
    return folder


def _timing(trials: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Two workers that take turns: a round begins two seconds after all before it have ended."""
    free, round_, asked = [0.0, 0.0], 0, 0.0
    for trial in trials:
        if trial["round"] > round_:
            round_, asked = trial["round"], max(free)
            free = [asked + 2.0, asked + 2.0]
        worker, seconds = trial["number"] % 2, 0.1 + trial["parameters"] / 1e5
        yield {
            "number": trial["number"],
            "round": round_,
            "worker": f"host:{100 + worker}",
            "workers": 2,
            "asked": round(asked, 3),
            "began": round(free[worker], 3),
            "seconds": seconds,
            "told": round(free[worker] + seconds, 3),
            "busy_share": 1.0,
        }
        free[worker] += seconds


def curve(trial: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A trial's epochs, as rows of history.csv."""
    rng = np.random.default_rng(trial["number"])
    for epoch in range(1, trial["epochs_trained"] + 1):
        last = epoch == trial["epochs_trained"]
        reached = trial["val_accuracy"] * (1 - 0.3 * math.exp(-epoch / 3) * (not last))
        lost = last and not trial["feasible"]
        yield {
            "number": trial["number"],
            "epoch": epoch,
            "val_accuracy": reached + rng.normal(0, 0.002) * (not last),
            "val_loss": "" if lost else -math.log(reached),
            "train_loss": "" if lost else -math.log(min(reached + 0.02, 1.0)),
            "train_accuracy": min(reached + 0.02, 1.0),
            "learning_rate": 0.01,
        }


def _bits(trial: dict[str, Any], difficulty: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(trial["number"]).normal(0, 0.03, IMAGES)
    right = np.zeros(IMAGES, bool)
    right[np.argsort(difficulty + noise)[: round(trial["val_accuracy"] * IMAGES)]] = True
    return np.packbits(right)


def write_csv(
    path: Path, rows: Iterable[Mapping[str, Any]], names: list[str] | None = None
) -> None:
    """Write rows as a table."""
    rows = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names or list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
