"""The sections of `params.yaml` that describe a study: space, sampler, pruner, variants."""

import math
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from pipeline.settings import Section, Trainer

Choice: TypeAlias = bool | int | float | str | tuple[int, ...] | None


def _divides(step: float, width: float) -> bool:
    return math.isclose(width / step, round(width / step), abs_tol=1e-9)


class Range(Section):
    """Numbers from low to high, both included."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        found = f"but got low={self.low}, high={self.high}"
        if not self.low <= self.high:
            raise ValueError(f"`low <= high` must hold, {found}; swap them")
        if self.log and self.low <= 0:
            raise ValueError(f"`low > 0` must hold when log is true, {found}; raise low")
        if self.log and self.step is not None:
            raise ValueError(
                f"`step` and log do not go together, but got step={self.step}; drop one"
            )
        if self.step is not None and not _divides(self.step, self.high - self.low):
            raise ValueError(
                f"`step` must divide high - low, {found}, step={self.step}; change one"
            )
        return self

    @property
    def ends(self) -> tuple[Choice, ...]:
        """The extreme values, which the trainer must accept."""
        return (self.low, self.high)


class IntRange(Range):
    """Whole numbers from low to high, both included."""

    type: Literal["int"]
    low: int
    high: int
    step: Annotated[int, Field(ge=1)] | None = None


class FloatRange(Range):
    """Real numbers from low to high, both included."""

    type: Literal["float"]
    step: Annotated[float, Field(gt=0)] | None = None


class Choices(Section):
    """One of several values."""

    type: Literal["categorical"]
    choices: tuple[Choice, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for i, choice in enumerate(self.choices):
            if choice in self.choices[:i]:
                raise ValueError(
                    f"choices must differ, but {choice!r} equals an earlier one; drop it"
                )
        return self

    @property
    def ends(self) -> tuple[Choice, ...]:
        """Every value: the trainer must accept each."""
        return self.choices


Dimension: TypeAlias = Annotated[IntRange | FloatRange | Choices, Field(discriminator="type")]
Space: TypeAlias = Annotated[dict[str, Dimension], Field(min_length=1)]


class NoPruning(Section):
    """Every trial is trained to its last epoch."""

    type: Literal["none"] = "none"


class MedianPruning(Section):
    """A trial stops when its score is below the median of the earlier rounds at that epoch."""

    type: Literal["median"]
    warmup_epochs: int = Field(3, ge=0, description="a trial is not judged before this epoch")
    startup_trials: int = Field(5, ge=1, description="nor before this many trials are complete")


Pruning: TypeAlias = Annotated[NoPruning | MedianPruning, Field(discriminator="type")]


class BaseStudy(Section):
    """What every study has."""

    seed: int = Field(1, ge=0, description="decides every proposal and every trial's seed")
    round_size: int = Field(
        16, ge=1, description="trials asked at once; part of the study, never of the machine"
    )
    pruner: Pruning = NoPruning()
    settings: Trainer = Field(Trainer(), description="trainer settings that all trials share")


class SampledStudy(BaseStudy):
    """Points proposed by an Optuna sampler."""

    sampler: Literal["tpe", "random"]
    trials: int = Field(ge=1)
    space: Space


class GridStudy(BaseStudy):
    """Every combination of the choices, the last parameter by name turning fastest."""

    sampler: Literal["grid"]
    space: Annotated[dict[str, Choices], Field(min_length=1)]

    @property
    def trials(self) -> int:
        """How many combinations there are."""
        return math.prod(len(dimension.choices) for dimension in self.space.values())


class Variant(Trainer):
    """A named point of a study: trainer settings, and the published defect it replays."""

    fault: Literal["output_error_sign"] | None = None


class VariantsStudy(BaseStudy):
    """Named configurations, each over the same seeds, so that differences are paired."""

    sampler: Literal["variants"]
    variants: Annotated[dict[str, Variant], Field(min_length=1)]
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct_seeds(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds must differ, but are {list(self.seeds)}; drop the copies")
        return self

    @property
    def trials(self) -> int:
        """One for each variant and seed."""
        return len(self.variants) * len(self.seeds)


Study: TypeAlias = Annotated[
    SampledStudy | GridStudy | VariantsStudy, Field(discriminator="sampler")
]
