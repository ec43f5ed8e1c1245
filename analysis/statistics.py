"""Intervals and tests for accuracies: every claim counts images, and seeds where there are any."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from pandas import DataFrame

LEVEL = 0.95

Bits = NDArray[np.bool_]
Scores = NDArray[np.bool_] | NDArray[np.float64]  # an image's score: right or not, or a chance


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


def wilson(correct: int, images: int) -> Interval:
    """The interval of one network's accuracy on a finite set of images.

    Source: E. B. Wilson, 1927, J. Am. Stat. Assoc. 22, 209-212.
    """
    if images == 0:
        return Interval(0.0, 1.0)
    interval = scipy.stats.binomtest(correct, images).proportion_ci(LEVEL, method="wilson")
    return Interval(float(interval.low), float(interval.high))


def mean_accuracy(scores: Scores) -> Interval:
    """The interval of the mean accuracy of several seeds on the same images, (seeds, images).

    It counts both draws: another seed and another set of images would each move the mean. See
    `crossed_margin`. One seed says nothing about seeds: there the interval is Wilson's.
    """
    seeds, images = scores.shape
    mean, margin = float(scores.mean()), crossed_margin(scores.astype(float))
    if seeds == 1 or margin < 1e-9:  # rounding of equal scores
        return wilson(round(mean * images), images)
    return Interval(max(mean - margin, 0.0), min(mean + margin, 1.0))


def mean_difference(after: Scores, before: Scores, level: float = LEVEL) -> Interval:
    """The interval of the change in accuracy, paired by seed and image, (seeds, images) each."""
    change = after.astype(float) - before
    margin = crossed_margin(change, level)
    return Interval(float(change.mean()) - margin, float(change.mean()) + margin)


def crossed_margin(values: NDArray[np.float64], level: float = LEVEL) -> float:
    """Half the interval of the mean over seeds (rows) crossed with images (columns).

    variance = var(seed means) / seeds + var(image means) / images, with Student's t at
    Satterthwaite's degrees of freedom. The seed-by-image part is counted in both terms, so the
    interval errs on the wide side. Source: J. Cornfield and J. W. Tukey, 1956, Ann. Math.
    Stat. 27, 907-949 (two random factors); F. E. Satterthwaite, 1946, Biometrics Bull. 2, 110-114.
    """
    parts = [
        (float(means.var(ddof=1)) / len(means), len(means) - 1)
        for means in (values.mean(axis=1), values.mean(axis=0))
        if len(means) > 1
    ]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return 0.0
    freedom = variance**2 / sum(part**2 / count for part, count in parts)
    return float(scipy.stats.t.ppf((1 + level) / 2, freedom)) * float(np.sqrt(variance))


def mcnemar(first: Bits, second: Bits) -> float:
    """The exact p-value that two networks are equally often right on the same images.

    Only images that one network gets right and the other wrong count; under equality each way
    is a fair coin. Source: Q. McNemar, 1947, Psychometrika 12, 153-157.
    """
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(scipy.stats.binomtest(only_first, only_first + only_second).pvalue)


def best_so_far(trials: DataFrame) -> DataFrame:
    """Add `spent` (epochs trained up to each trial) and `best` (highest finished accuracy)."""
    finished = trials["val_accuracy"].where(trials["state"] == "COMPLETE")
    return trials.assign(spent=trials["epochs_trained"].cumsum(), best=finished.cummax().ffill())


def expected_best(values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean best of n of the N values, over all subsets of n, for n = 1, ..., N: (N,).

    E[best of n] = sum_i x_(i) C(i - 1, n - 1) / C(N, n), with x_(i) the i-th smallest. Of
    independent draws it is the unbiased estimate of what n draws lead to; with replacement, as
    in J. Dodge et al., 2019, arXiv:1909.03004, it would be too low. Source: R. Tang et al., 2020,
    arXiv:2004.13705, section 3.

    >>> expected_best([0.9, 0.5, 0.7]).round(3).tolist()
    [0.7, 0.833, 0.9]
    """
    ascending = np.sort(np.asarray(values, dtype=np.float64))
    return np.array([chances @ ascending for chances in chances_to_be_best(len(ascending))])


def chances_to_be_best(values: int) -> Iterator[NDArray[np.float64]]:
    """For n = 1, 2, ...: how often the i-th smallest value is the best of n, i = 1, ..., N: (N,).

    C(i - 1, n - 1) / C(N, n), each n from the one before, so that no factorial overflows.
    """
    below = np.arange(values)
    chances = np.full(values, 1 / max(values, 1))
    for n in range(1, values + 1):
        yield chances
        chances = chances * (below - n + 1).clip(0) / n * (n + 1) / max(values - n, 1)


def bootstrap(
    frame: DataFrame,
    estimate: Callable[[DataFrame], dict[str, float]],
    *,
    resamples: int,
    seed: int,
) -> DataFrame:
    """Percentile intervals of named estimates: columns `low`, `high`, one row a name.

    Source: B. Efron, 1979, Ann. Stat. 7, 1-26.
    """
    rng = np.random.default_rng(seed)
    draws = DataFrame(
        [estimate(frame.iloc[rng.integers(len(frame), size=len(frame))]) for _ in range(resamples)]
    )
    tail = (1 - LEVEL) / 2
    return DataFrame({"low": draws.quantile(tail), "high": draws.quantile(1 - tail)})
