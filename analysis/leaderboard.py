"""The best configurations of all searches together, and one line a study."""

from collections.abc import Iterable, Mapping
from typing import Any

from pandas import DataFrame, concat

from analysis import summary, words
from analysis.load import Study
from analysis.statistics import mcnemar, wilson

TOP = 20
TIED_ABOVE = 0.05  # a p-value above this does not tell a trial from the leader
FIXED = ("rank", "study", "number", "split", "val_accuracy", "low", "high", "p_value", "tied")
NOTES = (
    "Accuracies on the validation images; brackets are 95 % Wilson intervals, which count the "
    "finite set of images but not the seed.",
    "Tied: McNemar's exact test on the same validation images cannot tell the trial from the "
    "leader at the 5 % level. Each is compared with the leader alone, with no correction for "
    "their number or for the leader being the best of them.",
    "A leader is the best of many, so its own score flatters it: expect less on new images.",
)


def searches(studies: Mapping[str, Study]) -> dict[str, Study]:
    """The studies that draw from a space, as opposed to grids and fixed variants."""
    return {
        key: study
        for key, study in studies.items()
        if study.space and study.about["sampler"] != "grid"
    }


def table(studies: Mapping[str, Study], *, top: int = TOP) -> DataFrame:
    """The best finished trials of all searches, each compared with the first."""
    names = list(dict.fromkeys(name for s in searches(studies).values() for name in s.space))
    parts = [_with_fixed(_finished(s), s, names) for s in searches(studies).values()]
    columns = [*FIXED, "epochs_trained", "parameters", *names]
    if not any(len(part) for part in parts):
        return DataFrame(columns=columns)
    every = concat([part for part in parts if len(part)], ignore_index=True)
    best = every.sort_values("val_accuracy", ascending=False, kind="stable").head(top)
    best = best.assign(rank=range(1, len(best) + 1), split="val")
    best["p_value"] = _against_leader(best, studies)
    best["tied"] = best["p_value"] > TIED_ABOVE
    return best.reindex(columns=columns).reset_index(drop=True)


def markdown(frame: DataFrame) -> str:
    """The leaderboard as people read it."""
    names = list(frame.columns[len(FIXED) + 2 :])
    shown = DataFrame(
        {
            "#": frame["rank"],
            "study": frame["study"],
            "trial": frame["number"],
            "validation accuracy": words.results(frame),
            "tied": ["yes" if tied else "no" for tied in frame["tied"]],
        }
        | {words.name(name): frame[name].map(words.value) for name in names}
    )
    return words.markdown(shown, *NOTES)


def overview(studies: Mapping[str, Study]) -> DataFrame:
    """One row a study: what it spent and the best it found."""
    return DataFrame([_overview(study) for study in studies.values()])


def overview_markdown(frame: DataFrame) -> str:
    """The overview as people read it."""
    counts = ["study", "sampler", "trials", "complete", "pruned", "diverged", "epochs"]
    shown = frame[counts].assign(best=words.results(frame), at=frame["best_parameters"])
    shown = shown.rename(columns={"best": "best validation accuracy", "at": "where"})
    return words.markdown(shown, NOTES[0])


def _finished(study: Study) -> DataFrame:
    complete = summary.finished(study)
    limits = [wilson(round(a * study.images), study.images) for a in complete["val_accuracy"]]
    return complete.assign(
        study=study.key, low=[low for low, _ in limits], high=[high for _, high in limits]
    )


def _with_fixed(finished: DataFrame, study: Study, names: Iterable[str]) -> DataFrame:
    """The trials with the value of each parameter that this study did not search."""
    fixed = {name: study.about["settings"].get(name) for name in names if name not in study.space}
    return finished.assign(**{name: _cell(value) for name, value in fixed.items()})


def _cell(value: Any) -> Any:
    """A setting as trials.csv would show it: one layer as a number, other lists as text."""
    if isinstance(value, list):
        return value[0] if len(value) == 1 else str(value)
    return value


def _against_leader(best: DataFrame, studies: Mapping[str, Study]) -> list[float | None]:
    bits = [studies[row["study"]].correct[row["number"]] for row in best.to_dict("records")]
    return [mcnemar(bits[0], b) if b.shape == bits[0].shape else None for b in bits]


def _overview(study: Study) -> dict[str, Any]:
    counts = {key: study.about[key] for key in ("sampler", "trials", "complete", "pruned")}
    row = {"study": study.key} | counts
    row |= {"diverged": study.about["diverged"], "epochs": study.about["epochs"], "split": "val"}
    complete = _finished(study)
    if complete.empty:
        nothing = dict.fromkeys(("val_accuracy", "low", "high", "best_number"))
        return row | nothing | {"best_parameters": ""}
    best = complete.iloc[int(complete["val_accuracy"].argmax())]
    return row | {
        "val_accuracy": best["val_accuracy"],
        "low": best["low"],
        "high": best["high"],
        "best_number": best["number"],
        "best_parameters": words.parameters(
            best.to_dict(), list(study.space) or ["variant", "seed"]
        ),
    }
