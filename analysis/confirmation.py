"""The best configurations trained again over fresh seeds: who is ahead, and what was luck."""

from collections.abc import Mapping
from typing import Any

from pandas import DataFrame

from analysis import words
from analysis.load import Study
from analysis.statistics import LEVEL, Bits, mean_accuracy, mean_difference

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
NOTES = (
    "Validation accuracy, mean over fresh seeds that all configurations share. Brackets are 95 % "
    "intervals that count both the seeds and the finite set of validation images.",
    "Behind: the leader's mean minus this one's, paired by seed and image. The intervals hold "
    "together at 95 % (Bonferroni): tied are those that may be as good as the leader.",
    "Luck: the score in the search minus the mean over fresh seeds. The best of many scores is "
    "lucky too: the winner's curse. A pruned trial's score is that of the epoch where it stopped.",
)


def table(confirm: Study) -> DataFrame:
    """One row a configuration, the best mean first, each compared with the first."""
    right = {each["variant"]: correct(confirm, each["variant"]) for each in candidates(confirm)}
    order = sorted(right, key=lambda name: -right[name].mean())  # stable: equals as they came
    leader, level = right[order[0]], 1 - (1 - LEVEL) / max(len(order) - 1, 1)
    by_name = {each["variant"]: each for each in candidates(confirm)}
    rows = []
    for rank, name in enumerate(order, start=1):
        mean, about = float(right[name].mean()), by_name[name]
        low, high = mean_accuracy(right[name])
        behind = mean_difference(leader, right[name], level)
        trials = confirm.trials[confirm.trials["variant"] == name]
        rows.append(
            {"rank": rank, "variant": name, "split": "val", "val_accuracy": mean}
            | {key: about[key] for key in ("role", "study", "number")}
            | {"low": low, "high": high, "seeds": len(right[name])}
            | {"search_accuracy": about["val_accuracy"], "curse": about["val_accuracy"] - mean}
            | {"behind": float(leader.mean()) - mean, "behind_low": behind.low}
            | {"behind_high": behind.high, "tied": behind.low <= 0}
            | {"parameters": int(trials["parameters"].iloc[0])}
        )
    return DataFrame(rows, columns=list(COLUMNS))


def candidates(confirm: Study) -> list[dict[str, Any]]:
    """The trials whose configurations were trained again, with their role and search score."""
    return list(confirm.about["candidates"])


def correct(confirm: Study, variant: str) -> Bits:
    """Which validation images a configuration got right, (seeds, images)."""
    return confirm.correct[(confirm.trials["variant"] == variant).to_numpy()]


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
    return words.markdown(shown, *NOTES)


def verdict(frame: DataFrame) -> str:
    """Who leads, who ties, and how lucky the leader's score in the search was."""
    leader = frame.iloc[0]
    tied = int(frame["tied"].sum()) - 1
    others = (
        "none of the others may be as good"
        if tied == 0
        else f"{tied} of the {len(frame) - 1} others may be as good"
    )
    return (
        f"Trained again over {words.seeds(leader['seeds'])} that chose nothing, "
        f"{leader['study']} trial {leader['number']} leads with "
        f"{words.results(frame.head(1))[0]}; {others}. Its score in the search was "
        f"{words.points(leader['curse'])} points off that mean."
    )


def _behind(row: Mapping[Any, Any]) -> str:
    if row["rank"] == 1:
        return ""
    behind, low, high = (words.points(row[k]) for k in ("behind", "behind_low", "behind_high"))
    return f"{behind} ({low} to {high})"
