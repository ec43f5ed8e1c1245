"""What passes between the engine's parts: reports, proposals, trials."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from optuna.distributions import BaseDistribution

Values: TypeAlias = Mapping[str, Any]
Direction: TypeAlias = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Report:
    """What an objective says after each step of its work.

    `metrics` become columns of history.csv; `attributes` and `detail` describe the trial, the
    last report's standing. `kept` is the step (from 1) whose score is the trial's value should
    the trial end here: None for this one. A report with `stop` ends the trial, for that reason; a
    trial that is not `feasible` counts as finished, at the score reported.
    """

    score: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    attributes: Mapping[str, int | float | str] = field(default_factory=dict)
    detail: bytes = b""
    kept: int | None = None
    stop: str | None = None
    feasible: bool = True


Objective: TypeAlias = Callable[[Values, int], Iterator[Report | float]]
"""From parameters and a seed to the scores of successive steps; the one kept is the value."""


@dataclass(frozen=True)
class Proposal:
    """A trial to be trained: its number in the study, its parameters, its seed."""

    number: int
    params: Values
    distributions: Mapping[str, BaseDistribution]
    seed: int


@dataclass(frozen=True)
class Timing:
    """When and where a trial was trained: all of it that may differ from run to run.

    Times are seconds since 1970; `asked` is when its round was asked for, `told` when its result
    was kept, both by the coordinator's clock. `workers` is how many trained at once, `environment`
    the versions and the processor that decide its last bits.
    """

    seconds: float
    began: float
    worker: str
    environment: Mapping[str, str]
    asked: float = 0.0
    told: float = 0.0
    workers: int = 1


@dataclass(frozen=True)
class Trial:
    """A finished trial. `scores` and each of `metrics` hold one number a step, from step 1.

    `kept` is the step whose score is the value: the last, unless the objective went back.
    `marks` are what a pruner left on the trial for later ones to be compared with.
    """

    number: int
    params: Values
    distributions: Mapping[str, BaseDistribution]
    seed: int
    state: Literal["COMPLETE", "PRUNED"]
    stop_reason: str
    feasible: bool
    kept: int
    scores: tuple[float, ...]
    metrics: Mapping[str, tuple[float, ...]]
    attributes: Mapping[str, int | float | str]
    detail: bytes
    marks: Mapping[str, float]
    timing: Timing

    @property
    def value(self) -> float:
        """The score of the step kept."""
        return self.scores[self.kept - 1]
