"""The models that PyTorch trained, as an experiment's configurations: how good, which are tied."""

from typing import Any

import numpy as np
from pandas import DataFrame

from analysis.configurations import NUMBERS, accuracies
from analysis.ours import Found
from analysis.pairs import Change
from analysis.statistics import LEVEL, Bits, mean_difference

PREFIX = "PyTorch: "


def table(found: Found) -> DataFrame:
    """One row a model, with the columns of `configurations.table`; none where torch is absent."""
    models, names = found.models, found.models["model"].unique()
    right = {name: _right(found, name) for name in names}
    best = max(right, key=lambda name: float(right[name].mean()), default="")
    level = 1 - (1 - LEVEL) / max(len(names) - 1, 1)
    rows = [
        {
            "variant": f"{PREFIX}{name}",
            **_numbers(models[models["model"] == name], right[name]),
            "tied": name == best or mean_difference(right[best], right[name], level).low <= 0,
        }
        for name in names
    ]
    frame = DataFrame(rows, columns=["variant", *NUMBERS])
    frame.attrs["images"] = found.sizes.get("val", 0)
    return frame.astype(dict.fromkeys(NUMBERS[:9], "float64"))


def change(found: Found, after: str, before: str, split: str = "val") -> Change:
    """What one model reaches beyond another, paired by seed and image."""
    reached, base = (_right(found, name, split) for name in (after, before))
    return Change(float(reached.mean() - base.mean()), *mean_difference(reached, base))


def differences(found: Found) -> DataFrame:
    """One row a model: its updates, and how far its weights ended from those trained here.

    ||theta_torch - theta|| / ||theta||, the least and the greatest of the seeds.
    """
    grouped = found.models.groupby("model", sort=False)
    return grouped.agg(
        updates=("updates", "max"),
        least=("weight_difference", "min"),
        greatest=("weight_difference", "max"),
    )


def _right(found: Found, name: str, split: str = "val") -> Bits:
    """Which images each seed of a model got right, (seeds, images)."""
    return found.right(split)[(found.models["model"] == name).to_numpy()]


def _numbers(models: DataFrame, right: Bits) -> dict[str, Any]:
    return {
        **accuracies(right, models["train_accuracy"].to_numpy(np.float64)),
        "epochs": float(models["epochs"].mean()),
        "seeds": len(models),
        "diverged": int(models["weight_difference"].isna().sum()),
    }
