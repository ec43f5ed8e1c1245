"""The pruner of a study, as `params.yaml` describes it: when a trial is given up."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from pipeline.settings import Section


class NoPruning(Section):
    """Every trial is trained to its last epoch."""

    type: Literal["none"] = "none"


class _Compared(Section):
    """Trials that are compared with the complete ones of earlier rounds, epoch by epoch."""

    warmup_epochs: int = Field(3, ge=0, description="a trial is not judged before this epoch")
    startup_trials: int = Field(5, ge=1, description="nor before this many trials are complete")


class MedianPruning(_Compared):
    """A trial stops when its score is below the median of the earlier rounds at that epoch."""

    type: Literal["median"]


class PercentilePruning(_Compared):
    """A trial stops when its score is not among the best of the earlier rounds at that epoch."""

    type: Literal["percentile"]
    percentile: float = Field(
        25.0, ge=0, le=100, description="how many per cent are the best: 50 is the median"
    )


class SuccessiveHalvingPruning(Section):
    """Few trials pass each rung; rungs are at min_epochs times powers of reduction_factor."""

    type: Literal["successive_halving"]
    min_epochs: int = Field(1, ge=1, description="the epoch of the first rung")
    reduction_factor: int = Field(4, ge=2, description="one of so many trials passes a rung")


class HyperbandPruning(Section):
    """Successive halving in several brackets, which begin to judge at different epochs."""

    type: Literal["hyperband"]
    min_epochs: int = Field(1, ge=1, description="the first rung of the first bracket")
    max_epochs: int = Field(ge=1, description="how long a trial that is not pruned is trained")
    reduction_factor: int = Field(3, ge=2, description="one of so many trials passes a rung")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_epochs > self.max_epochs:
            raise ValueError(
                "`min_epochs <= max_epochs` must hold, but got "
                f"min_epochs={self.min_epochs}, max_epochs={self.max_epochs}; change one"
            )
        return self


Inner: TypeAlias = Annotated[
    MedianPruning | PercentilePruning | SuccessiveHalvingPruning | HyperbandPruning,
    Field(discriminator="type"),
]


class PatientPruning(Section):
    """A trial stops when its scores have long been below its best, and `inner` says so too."""

    type: Literal["patient"]
    patience: int = Field(ge=0, description="so many epochs below its best do not count yet")
    min_delta: float = Field(
        0.0, ge=0, description="scores this little below the best are as good"
    )
    inner: Inner | None = Field(None, description="the pruner that decides then; null: stop")


Pruning: TypeAlias = Annotated[
    NoPruning
    | MedianPruning
    | PercentilePruning
    | PatientPruning
    | HyperbandPruning
    | SuccessiveHalvingPruning,
    Field(discriminator="type"),
]
