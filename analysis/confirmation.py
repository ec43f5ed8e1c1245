"""The best configurations trained again over fresh seeds: who is ahead, and what was luck."""

from collections.abc import Mapping
from typing import Any

from pandas import DataFrame

from analysis import iterations, words
from analysis.load import Study
from analysis.statistics import LEVEL, Scores, mean_accuracy, mean_difference

ROLES = {
    "search": "among the best of the search",
    "baseline": "best of the baseline",
    "pruned": "pruned, now trained to its end",
}
COLUMNS = (
    *("rank", "variant", "role", "study", "number", "split", "val_accuracy", "low", "high"),
    *("seeds", "search_accuracy", "curse", "behind", "behind_low", "behind_high", "tied"),
    "parameters",
)
INTERVALS = dict.fromkeys(("low", "high", "behind_low", "behind_high"), "float64")
MEANS = (
    "Validation accuracy, mean over fresh seeds that all configurations share. Brackets are 95 % "
    "intervals that count both the seeds and the finite set of validation images. There is none "
    "where every seed diverged."
)
ONE_SEED = (
    "Validation accuracy with one fresh seed that all configurations share. Brackets are 95 % "
    "intervals that count the finite set of validation images but not the seed. There is none "
    "where it diverged."
)
NOTES = (
    "Behind: the leader's accuracy minus this one's, paired by seed and image. The intervals hold "
    "together at 95 % (Bonferroni): tied are those that may be as good as the leader.",
    "Luck: the score in the search minus the accuracy here. The best of many scores is "
    "lucky too: the winner's curse. A pruned trial's score is that of the epoch where it stopped.",
)


def table(confirm: Study) -> DataFrame:
    """One row a configuration, the best mean first, each compared with the first.

    The first of equals is the one that the stage took for the winner.
    """
    about = {each["variant"]: each for each in candidates(confirm)}
    reached = {name: scores(confirm, name) for name in about}
    means = {name: round(float(right.mean()), 9) for name, right in reached.items()}
    won = confirm.about["winner"]["variant"]
    order = sorted(means, key=lambda name: (-means[name], name != won))
    level = 1 - (1 - LEVEL) / max(len(order) - 1, 1)
    rows = []
    for rank, name in enumerate(order, start=1):
        trials = confirm.trials[confirm.trials["variant"] == name]
        rows.append(
            {"rank": rank, "parameters": int(trials["parameters"].iloc[0])}
            | _mean(about[name], reached[name])
            | _behind_leader(reached[order[0]], reached[name], level)
        )
    frame = DataFrame(rows, columns=list(COLUMNS)).assign(split="val").astype(INTERVALS)
    return frame.assign(behind=frame["val_accuracy"].iloc[0] - frame["val_accuracy"])


def _mean(about: Mapping[str, Any], reached: Scores) -> dict[str, Any]:
    """What a candidate's seeds reached, beside what the search promised."""
    mean, promised = float(reached.mean()), float(about["val_accuracy"])
    low, high = mean_accuracy(reached) if iterations.measured(reached) else (None, None)
    row = {key: about[key] for key in ("variant", "role", "study", "number")}
    row |= {"val_accuracy": mean, "low": low, "high": high, "seeds": len(reached)}
    return row | {"search_accuracy": promised, "curse": promised - mean}


def _behind_leader(leader: Scores, reached: Scores, level: float) -> dict[str, Any]:
    """How far behind the leader a candidate may be; no interval where one of them diverged."""
    if not (iterations.measured(leader) and iterations.measured(reached)):
        equal = leader.mean() <= reached.mean()
        return {"behind_low": None, "behind_high": None, "tied": bool(equal)}
    behind = mean_difference(leader, reached, level)
    return {"behind_low": behind.low, "behind_high": behind.high, "tied": behind.low <= 0}


def candidates(confirm: Study) -> list[dict[str, Any]]:
    """The trials whose configurations were trained again, with their role and search score."""
    return list(confirm.about["candidates"])


def scores(confirm: Study, variant: str) -> Scores:
    """What a configuration scores on each validation image, (seeds, images).

    A seed that diverged counts as guessing, as it does where the stage finds the winner.
    """
    return iterations.scores(confirm, confirm.trials[confirm.trials["variant"] == variant])


def markdown(frame: DataFrame, confirm: Study) -> str:
    """The table as people read it."""
    params = {each["variant"]: each["params"] for each in candidates(confirm)}
    shown = DataFrame(
        {
            "#": frame["rank"],
            "trial": [f"{row['study']} {row['number']}" for row in frame.to_dict("records")],
            "why": frame["role"].map(ROLES),
            "validation accuracy": words.results(frame),
            "behind (points)": [_behind(row) for row in frame.to_dict("records")],
            "tied": ["yes" if tied else "no" for tied in frame["tied"]],
            "in the search": frame["search_accuracy"].map(words.percent),
            "luck (points)": frame["curse"].map(words.points),
            "where": [words.parameters(params[v], params[v]) for v in frame["variant"]],
        }
    )
    return words.markdown(shown, *notes(frame))


def notes(frame: DataFrame) -> tuple[str, ...]:
    """What the table's numbers are, by the seeds behind them."""
    return (ONE_SEED if frame["seeds"].max() == 1 else MEANS, *NOTES)


def verdict(frame: DataFrame) -> str:
    """Who leads, who ties, and how lucky the leader's score in the search was."""
    leader = frame.iloc[0]
    return (
        f"Trained again over {words.seeds(leader['seeds'])} that chose nothing, "
        f"{leader['study']} trial {leader['number']} leads with "
        f"{words.results(frame.head(1))[0]}; {_others(frame)}. Its score in the search was "
        f"{_beside(leader['curse'], int(leader['seeds']))}."
    )


def as_good(rivals: int, others: int) -> str:
    """How many of the others may be as good, in words.

    >>> as_good(2, 3)
    '2 of the 3 others may be as good'
    """
    if others == 1:
        return f"the other {'may be' if rivals else 'is not'} as good"
    if rivals == 0:
        return f"none of the {others} others is as good"
    return f"{rivals} of the {others} others may be as good"


def _others(frame: DataFrame) -> str:
    tied, others = int(frame["tied"].sum()) - 1, len(frame) - 1
    return as_good(tied, others) if others else "nothing else was trained again"


def _beside(curse: float, seeds: int) -> str:
    """How a score in the search differs from what was reached again."""
    reached, off = "that" if seeds == 1 else "that mean", words.points(curse)
    if off == words.points(0.0):
        return f"just {reached}"
    way = "higher" if curse > 0 else "lower"
    return f"{off.lstrip('+−')} points {way} than {reached}"


def _behind(row: Mapping[Any, Any]) -> str:
    if row["rank"] == 1:
        return ""
    behind, low, high = (words.points(row[k]) for k in ("behind", "behind_low", "behind_high"))
    return f"{behind} ({low} to {high})" if low else behind
