"""The search space of a study, as `params.yaml` describes it: ranges, choices, conditions."""

import difflib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from pipeline.settings import Section

Choice: TypeAlias = bool | int | float | str | tuple[int | float, ...] | None
Conditions: TypeAlias = Mapping[str, Mapping[str, Sequence[Any]]]
"""By parameter, then by the parameter it hangs on: the values at which it is asked for."""


class Asked(Section):
    """When a parameter is asked for: always, or at some values of others."""

    when: dict[str, Annotated[tuple[Choice, ...], Field(min_length=1)]] = Field(
        {}, description="only when each of these parameters of the space has one of these values"
    )


class Range(Asked):
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

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        kind = "a whole number" if isinstance(self, IntRange) else "a number"
        steps = f" in steps of {self.step}" if self.step else ""
        return f"{kind} from {self.low} to {self.high}{steps}"

    def holds(self, value: Any) -> bool:
        """Whether `value` lies in the range."""
        kinds = int if isinstance(self, IntRange) else int | float
        return (
            isinstance(value, kinds)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
            and (self.step is None or _divides(self.step, value - self.low))
        )


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


class Choices(Asked):
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

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        return f"one of {', '.join(map(json.dumps, self.choices))}"

    def holds(self, value: Any) -> bool:
        """Whether `value` is one of the choices; true is not 1."""
        truth = isinstance(value, bool)
        return any(value == each and truth == isinstance(each, bool) for each in self.choices)


Dimension: TypeAlias = Annotated[IntRange | FloatRange | Choices, Field(discriminator="type")]


def active(point: Mapping[str, Any], conditions: Conditions) -> dict[str, Any]:
    """The part of `point` whose conditions hold, in its order.

    A parameter that hangs on an inactive one is inactive too.
    """
    kept: dict[str, Any] = {}
    for name in parents_first(list(point), conditions):
        if asked(name, kept, conditions):
            kept[name] = point[name]
    return {name: point[name] for name in point if name in kept}


def asked(name: str, point: Mapping[str, Any], conditions: Conditions) -> bool:
    """Whether parameter `name` is asked for beside those of `point`."""
    return all(
        parent in point and point[parent] in values
        for parent, values in conditions.get(name, {}).items()
    )


def parents_first(names: Sequence[str], conditions: Conditions) -> list[str]:
    """The same names, each after those it hangs on, else in their order.

    Raises: ValueError, naming them, if some hang on each other in a circle.
    """
    ordered: list[str] = []
    while len(ordered) < len(names):
        left = [name for name in names if name not in ordered]
        free = [name for name in left if conditions.get(name, {}).keys().isdisjoint(left)]
        if not free:
            raise ValueError(", ".join(left))
        ordered += free
    return ordered


def combinations(space: Mapping[str, Choices]) -> list[dict[str, Choice]]:
    """Every combination of the choices once, the last parameter by name turning fastest.

    What is not asked for is left out, and with it all but the first of equal points.
    """
    names, conditions = sorted(space), {name: space[name].when for name in space}
    product = itertools.product(*(space[name].choices for name in names))
    points = (active(dict(zip(names, values, strict=True)), conditions) for values in product)
    return list({tuple(point.items()): point for point in points}.values())


def unknown(name: str, known: Mapping[str, Any], what: str = "a parameter of the space") -> str:
    """What to say of a name that is not known."""
    close = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    return f"is not {what}; {remedy}"


def mistake(key: str, rule: str) -> PydanticCustomError:
    """An error at `key`, which stands below the place that is being validated."""
    return PydanticCustomError("below", "{key}{rule}", {"key": key, "rule": rule})


def _conditions_hold(space: dict[str, Dimension]) -> dict[str, Dimension]:
    for name, dimension in space.items():
        for parent, values in dimension.when.items():
            _check_condition(f"{name}.when.{parent}", parent, values, space)
    try:
        parents_first(list(space), {name: each.when for name, each in space.items()})
    except ValueError as circle:
        raise ValueError(
            f"conditions must not run in a circle, but got one among {circle}; drop a when"
        ) from None
    return space


def _check_condition(
    key: str, parent: str, values: Sequence[Choice], space: Mapping[str, Dimension]
) -> None:
    """Confirm that the parameter hung on is there and can have these values."""
    if parent not in space:
        raise mistake(key, f" {unknown(parent, space)}")
    above = space[parent]
    if isinstance(above, FloatRange):
        raise mistake(key, ": a condition needs a categorical or int parameter, but got float")
    for i, value in enumerate(values):
        if not above.holds(value):
            raise mistake(
                f"{key}.{i}", f": input should be {above.rule}, but got {json.dumps(value)}"
            )


def _divides(step: float, width: float) -> bool:
    return math.isclose(width / step, round(width / step), abs_tol=1e-9)


Space: TypeAlias = Annotated[
    dict[str, Dimension], Field(min_length=1), AfterValidator(_conditions_hold)
]
Grid: TypeAlias = Annotated[
    dict[str, Choices], Field(min_length=1), AfterValidator(_conditions_hold)
]
