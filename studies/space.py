"""The search space: from `params.yaml` to Optuna's distributions and the trainer's values."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from pipeline.study_settings import Choice, Choices, FloatRange, IntRange


def distributions(
    space: Mapping[str, IntRange | FloatRange | Choices],
) -> dict[str, BaseDistribution]:
    """Optuna's distribution of each parameter, in order of name, whatever order they stand in."""
    return {name: _distribution(dimension) for name, dimension in sorted(space.items())}


def grid(space: Mapping[str, Choices]) -> list[dict[str, Any]]:
    """Every combination of the choices, encoded, the last parameter by name turning fastest."""
    names = sorted(space)
    columns = [[encode(choice) for choice in space[name].choices] for name in names]
    return [dict(zip(names, point, strict=True)) for point in itertools.product(*columns)]


def encode(choice: Choice) -> bool | int | float | str | None:
    """A choice as a store can keep it: lists become text."""
    return json.dumps(list(choice)) if isinstance(choice, tuple) else choice


def decode(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as the trainer takes them: text that was a list is a list again."""
    return {
        name: json.loads(value) if isinstance(value, str) and value.startswith("[") else value
        for name, value in params.items()
    }


def _distribution(dimension: IntRange | FloatRange | Choices) -> BaseDistribution:
    match dimension:
        case IntRange(low=low, high=high, log=log, step=step):
            return IntDistribution(low, high, log=log, step=step or 1)
        case FloatRange(low=low, high=high, log=log, step=step):
            return FloatDistribution(low, high, log=log, step=step)
        case Choices(choices=choices):
            return CategoricalDistribution([encode(choice) for choice in choices])
