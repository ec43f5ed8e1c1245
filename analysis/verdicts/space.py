"""Rules on the space that was searched: its edges, where training breaks, what moves together."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from analysis import summary, words
from analysis.diagnosis import near_chance
from analysis.load import Study
from analysis.results import Results
from analysis.verdicts.finding import Finding, NotApplicable, best, draws, finished

AT_THE_EDGE = 0.05  # of a range: the best is at an end if it lies nearer to it than this
AROUND_THE_EDGE = 0.25  # of a range: and so, in the median, do the leading trials
LEADING = 0.1  # of the finished trials, three at least
NEIGHBORS = 10
WALL = 0.2  # of the neighbors
MANY = 0.1  # of the trials
SUCCESSFUL = 0.25  # of the finished trials
ENOUGH = 8  # successful trials for a rank correlation
SIGNIFICANT = 0.05

Mask = NDArray[np.bool_]


def best_at_edge(found: Results) -> Finding:
    """The best trial lies at an end of a range, and the leading trials crowd there.

    A single best trial is at some end by chance: with five parameters in four of ten searches.
    So the median of the leading trials must lie at the same end.
    """
    study, number = found.search, best(found.search)
    complete = finished(study)
    count = min(max(round(LEADING * len(complete)), 3), len(complete))
    leaders = complete.nlargest(count, "val_accuracy").index.to_numpy()
    ends = list(_ends(study, number, leaders))
    if not ends:
        raise NotApplicable("No searched parameter of the best trial has an order.")
    reached = [end for end in ends if end.reached]
    nearest = min(end.away for end in reached or ends)
    said = (
        f"The best has {summary.listed([end.words for end in reached])} of its range, and "
        f"the leading {count} trials crowd there."
        if reached
        else "No searched parameter has its best value at an end of its range with the leading "
        "trials around it."
    )
    remedy = "; ".join(end.remedy for end in reached)
    return Finding(bool(reached), nearest, said, remedy[:1].upper() + remedy[1:])


def divergence_wall(found: Results) -> Finding:
    """Of the trials nearest to the best, some are lost: a small change breaks training.

    Nearness is Gower's: the mean over parameters of the distance in each, on its own scale,
    1 between unlike choices. Source: J. C. Gower, 1971, Biometrics 27, 857-871.
    """
    study, number = found.search, best(found.search)
    others = study.trials.index != number
    if not study.space or others.sum() < NEIGHBORS:
        raise NotApplicable(f"Fewer than {NEIGHBORS} trials of a space surround the best.")
    away = np.where(others, distances(study, number), np.inf)
    near = np.argsort(away, kind="stable")[:NEIGHBORS]
    broken = near[lost(study)[near]]
    said = f"{len(broken) or 'None'} of the {NEIGHBORS} trials nearest to the best diverged"
    said += " or only guess"
    remedy = "Train the best over more seeds before it is used: `confirm.seeds`"
    if len(broken) and "learning_rate" in study.space:
        rates = study.trials["learning_rate"].to_numpy(dtype=float)
        above = rates[broken][rates[broken] > rates[number]]
        if len(above):
            said += f", from {above.min() / rates[number]:.2g} times its learning rate on"
            top = f"`studies.{study.key}.space.learning_rate.high`"
            remedy += f", or lower {top} below {words.value(float(above.min()))}"
    return Finding(len(broken) >= WALL * NEIGHBORS, len(broken) / NEIGHBORS, f"{said}.", remedy)


def diverged_trials(found: Results) -> Finding:
    """Many trials are lost, and one bound on one parameter tells best where.

    The bound is the one with the largest share of the lost trials beyond it less the share of the
    sound ones. Source: W. J. Youden, 1950, Cancer 3, 32-35 (his index J).
    """
    study = found.search
    broken = lost(study)
    share = float(broken.mean())
    said = f"{broken.sum() or 'None'} of {len(broken)} trials diverged or only guess"
    remedy = f"Look at them in reports/studies/{study.key}/trials.csv: `stop_reason`"
    regions = list(_regions(study, broken)) if 0 < share < 1 else []
    if regions:
        where = max(regions, key=lambda each: youden(each.inside, broken))
        there = f"{broken[where.inside].sum()} of the {where.inside.sum()} trials"
        said += f"; where {where.name}, {there} did"
        number = summary.best(study)
        stays = number is not None and where.inside[number]
        remedy = (
            "Keep the range, since the best lies there too, but train it over more seeds: "
            "`confirm.seeds`"
            if stays
            else where.remedy
        )
    return Finding(share > MANY, share, f"{said}.", remedy)


def batch_size_confounded(found: Results) -> Finding:
    """Among the successful independent draws the learning rate goes with the batch size.

    In all draws the two are independent; if they are not in the best quarter, the best rate moves
    with the batch size, and a comparison of batch sizes at one rate compares the rates. Sources:
    C. Spearman, 1904, Am. J. Psychol. 15, 72-101 (rank correlation); C. J. Shallue et al., 2019,
    J. Mach. Learn. Res. 20 (112), arXiv:1811.03600 (why each batch size needs its own rate).
    """
    study = draws(found)
    if any(places(study, name) is None for name in ("batch_size", "learning_rate")):
        raise NotApplicable(f"{study.key} does not search batch sizes and learning rates.")
    complete = finished(study)
    top = complete.nlargest(round(SUCCESSFUL * len(complete)), "val_accuracy")
    top = top.dropna(subset=["batch_size", "learning_rate"])
    if len(top) < ENOUGH or top[["batch_size", "learning_rate"]].nunique().min() < 2:
        raise NotApplicable(
            f"The best quarter of {study.key} must be {ENOUGH} trials that differ in batch size "
            f"and learning rate, but is {len(top)}."
        )
    rho, p = map(float, scipy.stats.spearmanr(top["batch_size"], top["learning_rate"]))
    fired = p < SIGNIFICANT
    way = "rises" if rho > 0 else "falls"
    said = f"the best learning rate {way} with the batch size" if fired else "no trend is clear"
    return Finding(
        fired,
        rho,
        f"In the best {len(top)} draws of {study.key} {said}: rank correlation {rho:+.2f}, "
        f"p = {p:.2g}.",
        "Compare batch sizes each at its own best rate: cross `batch_size` with `learning_rate` "
        "in a grid",
    )


def lost(study: Study) -> Mask:
    """Which trials ended in a loss that is not finite, or no better than guessing."""
    guesses = study.trials["val_accuracy"] <= near_chance(study.chance)
    return ((study.trials["feasible"] == 0) | guesses).to_numpy()


def places(study: Study, name: str) -> NDArray[np.float64] | None:
    """Where each trial lies in a parameter's range, 0 to 1, on its own scale; NaN if not asked.

    Choices that are three numbers or more lie evenly. None for a parameter without an order.
    """
    limits = study.space.get(name, {"type": "none"})
    if limits["type"] == "categorical":
        ends = limits["choices"]
        if len(ends) < 3 or any(type(each) not in (int, float) for each in ends):
            return None
        ends = sorted(ends)
    elif limits["type"] in ("int", "float") and limits["low"] < limits["high"]:
        ends = [limits["low"], limits["high"]]
    else:
        return None
    values, marks = study.trials[name].to_numpy(dtype=float), np.array(ends, dtype=float)
    if limits.get("log"):
        values, marks = np.log(values), np.log(marks)
    return np.asarray(np.interp(values, marks, np.linspace(0, 1, len(marks))))


def distances(study: Study, number: int) -> NDArray[np.float64]:
    """How far each trial is from one, 0 to 1; what only one of two is asked for is 1 apart."""
    apart = []
    for name in study.space:
        where = places(study, name)
        cells = study.trials[name]
        if where is None:
            same = (cells == cells[number]) | (cells.isna() & (cells[number] != cells[number]))
            apart.append(np.where(same, 0.0, 1.0))
        else:
            both = np.isnan(where) & np.isnan(where[number])
            apart.append(np.where(both, 0.0, np.nan_to_num(abs(where - where[number]), nan=1.0)))
    return np.asarray(np.mean(apart, axis=0))


def youden(inside: Mask, broken: Mask) -> float:
    """The share of the broken that lie inside, less the share of the others."""
    return float(inside[broken].mean() - inside[~broken].mean())


class _Region(NamedTuple):
    """A part of the space beyond one bound, and how to leave it out."""

    name: str
    inside: Mask
    remedy: str


def _regions(study: Study, broken: Mask) -> Iterator[_Region]:
    for name, limits in study.space.items():
        cells, key = study.trials[name], f"`studies.{study.key}.space.{name}"
        ordered = places(study, name) is not None
        for value in cells[broken].dropna().unique():
            told = words.value(value)
            if not ordered:
                inside = (cells == value).to_numpy()
                yield _Region(f"{words.name(name)} is {told}", inside, f"Drop {told} from {key}`")
                continue
            above, below = (cells >= value).to_numpy(), (cells <= value).to_numpy()
            high, low = (".choices`", ".choices`") if "choices" in limits else (".high`", ".low`")
            at = f"{words.name(name)} is {told}"
            yield _Region(f"{at} or more", above, f"Stay below {told} in {key}{high}")
            yield _Region(f"{at} or less", below, f"Stay above {told} in {key}{low}")


class _End(NamedTuple):
    """The end of a range that the best trial is nearer to, and how to move it."""

    away: float  # as a share of the range
    reached: bool
    words: str
    remedy: str


def _ends(study: Study, number: int, leaders: NDArray[np.int64]) -> Iterator[_End]:
    for name, limits in study.space.items():
        where = places(study, name)
        if where is None or np.isnan(where[number]):
            continue
        up = bool(where[number] > 0.5)
        lowest = min(limits["choices"]) if "choices" in limits else limits["low"]
        fixed = not up and lowest <= (0 if limits["type"] == "float" else 1)  # nothing lies below
        away = 1 - where if up else where
        near = away[number] < AT_THE_EDGE and np.nanmedian(away[leaders]) < AROUND_THE_EDGE
        told = f"{words.name(name)} {words.value(study.trials[name][number])}"
        told += f" at the {'upper' if up else 'lower'} end"
        remedy = _widen(study.key, name, limits, up=up)
        yield _End(float(away[number]), bool(near and not fixed), told, remedy)


def _widen(key: str, name: str, limits: Mapping[str, Any], *, up: bool) -> str:
    path = f"studies.{key}.space.{name}"
    if "choices" in limits:
        end = max(limits["choices"]) if up else min(limits["choices"])
        return f"add a value {'above' if up else 'below'} {end:g} to `{path}.choices`"
    if up:
        return f"raise `{path}.high` above {limits['high']:g}"
    return f"lower `{path}.low` below {limits['low']:g}"
