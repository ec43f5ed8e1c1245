"""The sections of `params.yaml` that describe a study: its sampler and what that needs."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from pipeline.pruner_settings import NoPruning, Pruning
from pipeline.settings import Section, Trainer
from pipeline.space_settings import (
    Choice,
    Dimension,
    Grid,
    Space,
    combinations,
    mistake,
    unknown,
)

REFUSED = {
    "cmaes": "keeps a state between trials that no repeatable parallel study can carry; use tpe",
    "gp": "needs PyTorch, which is not installed with this program; use tpe",
    "auto": "downloads its parts as it runs, so that no study could be repeated; use tpe",
    "nsgaii": "breeds generations for several objectives, and here there is one; use tpe",
    "nsgaiii": "breeds generations for several objectives, and here there is one; use tpe",
    "bruteforce": "is what grid does, in an order that is known beforehand; use grid",
    "partialfixed": "holds parameters fixed: write them under settings, not in the space",
}
"""Stock samplers of Optuna that studies do without, and why."""


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must differ, but are {list(seeds)}; drop the copies")
    return seeds


Seeds: TypeAlias = Annotated[
    tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1), AfterValidator(_distinct)
]


class BaseStudy(Section):
    """What every study has."""

    seed: int = Field(1, ge=0, description="decides every proposal and every trial's seed")
    round_size: int = Field(
        16, ge=1, description="trials asked at once; part of the study, never of the machine"
    )
    pruner: Pruning = NoPruning()
    settings: Trainer = Field(Trainer(), description="trainer settings that all trials share")


class SampledStudy(BaseStudy):
    """Points proposed one by one: by what was found so far, at random, or evenly spread."""

    sampler: Literal["tpe", "random", "qmc"]
    trials: int = Field(ge=1)
    space: Space
    enqueue: tuple[dict[str, Choice], ...] = Field(
        (), description="points to try first; what one leaves out is sampled"
    )

    @model_validator(mode="after")
    def _enqueued_points_lie_in_the_space(self) -> Self:
        for i, point in enumerate(self.enqueue):
            for name, value in point.items():
                _check_enqueued(f"enqueue.{i}.{name}", name, value, point, self.space)
        return self


class GridStudy(BaseStudy):
    """Every combination of the choices, the last parameter by name turning fastest."""

    sampler: Literal["grid"]
    space: Grid
    seeds: Seeds | None = Field(
        None, description="every combination is trained with each of these; null: with seed alone"
    )

    @property
    def trials(self) -> int:
        """One for each combination and seed."""
        return self._combinations * len(self.seeds or (self.seed,))

    @property
    def _combinations(self) -> int:
        if any(dimension.when for dimension in self.space.values()):
            return len(combinations(self.space))
        return math.prod(len(dimension.choices) for dimension in self.space.values())


class Variant(Trainer):
    """A named point of a study: trainer settings, and the published defect it replays."""

    fault: Literal["output_error_sign", "divided_twice", "adam_forgets"] | None = None


class VariantsStudy(BaseStudy):
    """Named configurations, each over the same seeds, so that differences are paired."""

    sampler: Literal["variants"]
    variants: Annotated[dict[str, Variant], Field(min_length=1)]
    seeds: Seeds

    @property
    def trials(self) -> int:
        """One for each variant and seed."""
        return len(self.variants) * len(self.seeds)


Study: TypeAlias = Annotated[
    SampledStudy | GridStudy | VariantsStudy, Field(discriminator="sampler")
]


def refusal(sampler: str) -> str | None:
    """Why a stock sampler of Optuna is not used here; None if it is none that is known."""
    word = sampler.lower().replace("_", "").replace("-", "").removesuffix("sampler")
    return REFUSED.get(word)


def _check_enqueued(
    key: str,
    name: str,
    value: Choice,
    point: Mapping[str, Choice],
    space: Mapping[str, Dimension],
) -> None:
    """Confirm that a value of an enqueued point can be tried."""
    if name not in space:
        raise mistake(key, f" {unknown(name, space)}")
    if not space[name].holds(value):
        raise mistake(key, f": input should be {space[name].rule}, but got {json.dumps(value)}")
    for parent, values in space[name].when.items():
        if parent not in point or point[parent] not in values:
            options = ", ".join(map(json.dumps, values))
            raise mistake(
                key, f" is asked for only when {parent} is {options}; say so in the same point"
            )
