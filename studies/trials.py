"""What passes between the engine's parts: reports, proposals, trials."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

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
class Trial:
    """A finished trial. `scores` and each of `metrics` hold one number a step, from step 1.

    `kept` is the step whose score is the value: the last, unless the objective went back.
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
    seconds: float

    @property
    def value(self) -> float:
        """The score of the step kept."""
        return self.scores[self.kept - 1]

    def frozen(self) -> FrozenTrial:
        """The same trial as Optuna's samplers and pruners want it."""
        return create_trial(
            state=TrialState[self.state],
            value=self.value,
            params=dict(self.params),
            distributions=dict(self.distributions),
            intermediate_values=dict(enumerate(self.scores, 1)),
        )
