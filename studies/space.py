"""The search space: from `params.yaml` to Optuna's distributions and the trainer's values."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import create_trial

from pipeline.errors import UserError
from pipeline.space_settings import (
    Choice,
    Choices,
    Conditions,
    Dimension,
    FloatRange,
    IntRange,
    combinations,
    parents_first,
    unknown,
)


def distributions(space: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    """Optuna's distribution of each parameter, in order of name, whatever order they stand in."""
    return {name: _distribution(dimension) for name, dimension in sorted(space.items())}


def conditions(space: Mapping[str, Dimension]) -> dict[str, dict[str, list[Any]]]:
    """By parameter that is not always asked for: the encoded values at which it is."""
    return {
        name: {parent: list(map(encode, values)) for parent, values in dimension.when.items()}
        for name, dimension in space.items()
        if dimension.when
    }


def grid(space: Mapping[str, Choices]) -> list[dict[str, Any]]:
    """Every combination of the choices, encoded, the last parameter by name turning fastest."""
    return [encoded(point) for point in combinations(space)]


def encoded(point: Mapping[str, Choice]) -> dict[str, Any]:
    """A point as a store can keep it."""
    return {name: encode(value) for name, value in point.items()}


def encode(choice: Choice) -> bool | int | float | str | None:
    """A choice as a store can keep it: lists become text."""
    return json.dumps(list(choice)) if isinstance(choice, tuple) else choice


def decode(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as the trainer takes them: text that was a list is a list again."""
    return {
        name: json.loads(value) if isinstance(value, str) and value.startswith("[") else value
        for name, value in params.items()
    }


def suggest(trial: optuna.Trial, name: str, distribution: BaseDistribution) -> Any:
    """The value of a parameter that the trial's sampler suggests."""
    match distribution:
        case IntDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_int(name, low, high, step=step, log=log)
        case FloatDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_float(name, low, high, step=step, log=log)
        case CategoricalDistribution(choices=choices):
            return trial.suggest_categorical(name, choices)
    raise TypeError(f"a distribution must be Optuna's, but is {distribution!r}")


def value_at(distribution: BaseDistribution, u: float) -> Any:
    """The value at `u` of [0, 1): if u is uniform, it is distributed as Optuna's random draws."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[int(u * len(choices))]
        case IntDistribution(low=low, high=high, log=True):
            # Each whole number stands for the half before it and the half after.
            return min(max(round(_between(low - 0.5, high + 0.5, u)), low), high)
        case FloatDistribution(low=low, high=high, log=True):
            return min(max(_between(low, high, u), low), high)
        case FloatDistribution(low=low, high=high, step=None):
            return low + u * (high - low)
        case (
            IntDistribution(low=low, high=high, step=int(step))
            | FloatDistribution(low=low, high=high, step=float(step))
        ):
            return min(low + step * int(u * (round((high - low) / step) + 1)), high)
    raise TypeError(f"a distribution must be Optuna's, but is {distribution!r}")


def check(
    space: Mapping[str, BaseDistribution], when: Conditions, enqueue: Sequence[Mapping[str, Any]]
) -> None:
    """Confirm that conditions and enqueued points go with the space. Raises: UserError."""
    for name in [*when, *(parent for each in when.values() for parent in each)]:
        if name not in space:
            raise UserError(f"when: {name} {unknown(name, space)}")
    try:
        parents_first(list(space), when)
    except ValueError as circle:
        raise UserError(
            f"when: conditions must not run in a circle, but got one among {circle}; drop one"
        ) from None
    for i, point in enumerate(enqueue):
        for name, value in point.items():
            if name not in space:
                raise UserError(f"enqueue.{i}.{name} {unknown(name, space)}")
            try:
                create_trial(value=0.0, params={name: value}, distributions={name: space[name]})
            except (ValueError, TypeError):
                raise UserError(
                    f"enqueue.{i}.{name}: must lie in {space[name]}, but is {value!r}; change it"
                ) from None


def _between(low: float, high: float, u: float) -> float:
    """The number at `u` of the way from low to high on a log scale."""
    return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))


def _distribution(dimension: Dimension) -> BaseDistribution:
    match dimension:
        case IntRange(low=low, high=high, log=log, step=step):
            return IntDistribution(low, high, log=log, step=step or 1)
        case FloatRange(low=low, high=high, log=log, step=step):
            return FloatDistribution(low, high, log=log, step=step)
        case Choices(choices=choices):
            return CategoricalDistribution([encode(choice) for choice in choices])
