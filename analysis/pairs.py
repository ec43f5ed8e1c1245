"""Two configurations of an experiment compared, paired by seed and image."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from analysis import words
from analysis.iterations import measured, scores
from analysis.load import Study
from analysis.statistics import Scores, mean_difference

Point: TypeAlias = str | Mapping[str, Any]


class Change(NamedTuple):
    """A difference of mean validation accuracies with its 95 % interval, if there is one."""

    mean: float
    low: float | None
    high: float | None

    @property
    def tied(self) -> bool:
        """Whether the two may be equally good."""
        return self.low is not None and self.high is not None and self.low <= 0 <= self.high

    def __str__(self) -> str:
        """In points, with what it means: +0.3 points (−0.5 to +1.1): tied."""
        text = f"{words.points(self.mean)} points"
        if self.low is None or self.high is None:
            return text
        between = f"{words.points(self.low)} to {words.points(self.high)}"
        return f"{text} ({between}){': tied' if self.tied else ''}"


def change(study: Study, after: Point, before: Point) -> Change:
    """What one configuration reaches beyond another.

    Each is a variant, or values of the parameters. There is no interval where all seeds of one
    diverged, or where they have not the same number of seeds. Raises: KeyError naming a
    configuration that the study has not.
    """
    reached, base = _scores(study, after), _scores(study, before)
    mean = float(reached.mean() - base.mean())
    if reached.shape != base.shape or not (measured(reached) and measured(base)):
        return Change(mean, None, None)
    return Change(mean, *mean_difference(reached, base))


def _scores(study: Study, point: Point) -> Scores:
    """What a configuration scores on each validation image, (seeds, images)."""
    trials = study.trials
    for name, value in ({"variant": point} if isinstance(point, str) else point).items():
        trials = trials[trials[name] == value]
    if trials.empty:
        raise KeyError(point)
    return scores(study, trials)
