"""`make results`: what the runs on all of MNIST came to, in docs/results.md and results.json.

Reads the reports of two workspaces, full and stretch, which `make` has brought up to date.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from analysis import files, load, network, page, results, tested, words
from analysis.load import Final
from analysis.plots import style, tested_models
from analysis.results import Results
from analysis.standings import standings
from analysis.statistics import mean_accuracy
from pipeline.errors import UserError
from pipeline.files import sha256, write_json, write_text

RUNS = ("full", "stretch")
WORKSPACES = Path("workspaces")
DOCS = Path("docs")
SOURCES = (
    *("pipeline", "studies", "analysis", "dvc.yaml", "params.yaml", "requirements.lock"),
    *(f"workspaces/{run}.yaml" for run in RUNS),
)
FIGURES = (
    *("optimization_history", "seed_spread", "heatmaps_search"),
    *("confusion_matrix", "worst_mistakes"),
)
TABLES = (
    *("studies/*/trials.csv", "studies/*/history.csv", "confirm/trials.csv"),
    *("confirm/history.csv", "final/networks.csv", "final/history.csv", "tables/*.csv"),
)
SECONDS = "tables/cost.csv"  # the one table that shows them


def main() -> str:
    """Write results.json, the page and its pictures; returns one line on what came of it.

    Raises: UserError if sources are not committed, a run is missing, or PyTorch was.
    """
    trees = committed()
    found = {run: _read(run) for run in RUNS}
    if "PyTorch" not in {*_tested(found["full"]).networks["configuration"]}:
        raise UserError(
            "the full run must have PyTorch's network beside ours, but was made without; run "
            "`make torch`, then `dvc repro -f final` in workspaces/full"
        )
    came = json.loads(json.dumps(facts(found, trees)))  # as whoever reads the file has them
    text = told(came)
    _write_pictures(found, DOCS / "pictures" / "results")
    write_json(DOCS / "results.json", came)
    write_text(DOCS / "results.md", text)
    accuracy = _tested(found["full"]).metrics["test_accuracy"]
    return f"results: {words.percent(accuracy, 2)} of test images; see {DOCS / 'results.md'}"


def committed() -> dict[str, str]:
    """The git object of each source. Raises: UserError if one was changed since it was committed.

    Results of sources that nobody can get would be nobody's.
    """
    changed = _git("status", "--porcelain", "--", *SOURCES)
    if changed:
        first = changed.splitlines()[0].split(maxsplit=1)[1]
        raise UserError(f"sources must be committed, but {first} is not; commit it")
    return {source: _git("rev-parse", f"HEAD:{source}") for source in SOURCES}


def facts(found: Mapping[str, Results], trees: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the page shows, as plain values."""
    full, stretch = (_tested(found[run]) for run in RUNS)
    reports = found["full"].reports
    about = json.loads((reports / "final" / "environment.json").read_text("utf-8"))
    meta = json.loads((reports.parent / "data/prepared/meta.json").read_text("utf-8"))
    return {
        **_headline(full),
        "command": "MNIST_DIR=<folder> make full",
        "sizes": meta["sizes"],
        "standings": [entry._asdict() for entry in standings(found["full"])],
        "models": models(found["full"]),
        "stretch": {
            **_headline(stretch),
            "seconds": models(found["stretch"])[0]["seconds"],
            "command": "MNIST_DIR=<folder> make stretch",
        },
        "time": {run: time_spent(found[run]) for run in RUNS},
        "environment": about,
        "hashes": {
            "sources": dict(trees),
            "data": meta["source_sha256"],
            "fingerprints": {
                run: {study.key: study.about["fingerprint"] for study in _studies(found[run])}
                for run in RUNS
            },
            "tables": {run: digests(found[run].reports) for run in RUNS},
        },
    }


def models(found: Results) -> list[dict[str, Any]]:
    """Every model that was tested: accuracy, interval, and seconds of training on one core."""
    final, seconds = _tested(found), _seconds(found).groupby("configuration")["seconds"].mean()
    columns = ["configuration", "kind", "test_accuracy", "low", "high", "seeds", "note"]
    frame = tested.table(final).dropna(subset="low")[columns]
    return [
        {str(name): _plain(value) for name, value in row.items()}
        | {"seconds": round(float(seconds[row["configuration"]]), 1)}
        for row in frame.to_dict("records")
    ]


def time_spent(found: Results) -> list[dict[str, Any]]:
    """What training took, stage by stage: seconds of all workers, and from first to last."""
    rows = [
        {
            "stage": study.key,
            "networks": len(study.trials),
            "epochs": int(study.about["epochs"]),
            "train_seconds": round(float(study.timing["seconds"].sum())),
            "wall_seconds": round(wall(study.timing)),
        }
        for study in _studies(found)
    ]
    seconds, epochs = _seconds(found)["seconds"], len(_tested(found).history)
    about = {"stage": "final", "networks": len(seconds), "epochs": epochs}
    return [*rows, about | {"train_seconds": round(float(seconds.sum())), "wall_seconds": None}]


def wall(timing: DataFrame) -> float:
    """Seconds from when each round was asked for to when it was told, without what lay between.

    A round that was interrupted was asked for twice: what it took counts, the pause does not.
    """
    rounds = timing.groupby("asked")["told"].max()
    return float((rounds - rounds.index.to_series()).sum())


def digests(reports: Path) -> dict[str, str]:
    """The SHA-256 of each table that a second run must give again."""
    paths = sorted(path for pattern in TABLES for path in reports.glob(pattern))
    named = {path.relative_to(reports).as_posix(): path for path in paths}
    return {name: sha256(path) for name, path in named.items() if name != SECONDS}


def told(facts: Mapping[str, Any]) -> str:
    """The page in Markdown."""
    filters = {
        "percent": lambda value: words.percent(value, 2),
        "between": lambda one: f"{100 * one['low']:.2f} to {words.percent(one['high'], 2)}",
        "network": network.described,
        "words": lambda name: str(name).replace("_", " "),
        "minutes": lambda seconds: f"{seconds / 60:.1f}",
    }
    return page.filled("results.md.j2", facts, filters)


def _headline(final: Final) -> dict[str, Any]:
    right, about = final.right(), final.metrics
    low, high = mean_accuracy(right)
    mean = float(right.mean())
    return {
        "test_accuracy": {"mean": _nine(mean), "low": _nine(low), "high": _nine(high)},
        "images": int(about["images"]),
        "seeds": about["seeds"],
        "epochs": about["epochs"],
        "parameters": about["parameters"],
        "study": about["study"],
        "number": about["number"],
        "configuration": about["settings"],
    }


def _write_pictures(found: Mapping[str, Results], folder: Path) -> None:
    drawn = [found["full"].reports / "figures" / f"{name}.png" for name in FIGURES]
    for path in drawn:
        if not path.is_file():
            raise UserError(f"{path} must be there, but is not; run make full")
    folder.mkdir(parents=True, exist_ok=True)
    for path in drawn:
        shutil.copyfile(path, folder / path.name)
    style.use()
    frame = tested_models.table(_tested(found["full"]))
    wider = tested_models.table(_tested(found["stretch"]))
    wider = wider[wider["kind"] == "tuned"].assign(configuration="stretch")
    frame = pd.concat([frame, wider]).sort_values("test_accuracy", ascending=False)
    figure, ax = style.single(8, 0.45 * len(frame) + 1.4)
    tested_models.draw(frame.reset_index(drop=True), ax)
    ax.set_title("Test accuracy on MNIST's 10,000 test images")
    style.save(figure, folder / "models.png")


def _read(run: str) -> Results:
    """The results of a workspace. Raises: UserError if it has none."""
    reports = WORKSPACES / run / "reports"
    if not (reports / "final" / "metrics.json").is_file():
        raise UserError(f"{reports / 'final'} must hold a result, but does not; run make {run}")
    return results.read(reports)


def _studies(found: Results) -> Iterator[load.Study]:
    yield from found.studies.values()
    if found.confirm:
        yield found.confirm


def _tested(found: Results) -> Final:
    assert found.tuned is not None  # noqa: S101 _read has looked
    return found.tuned


def _seconds(found: Results) -> DataFrame:
    """The seconds of each network and model of the final stage."""
    path, remedy = found.reports / "final" / "timing.csv", "run python -m studies final"
    return files.csv(path, ("configuration", "seed", "seconds"), remedy)


def _plain(value: Any) -> Any:
    """A cell as JSON has it: nothing for a missing value."""
    if pd.isna(value):
        return None
    return _nine(value) if isinstance(value, float) else getattr(value, "item", lambda: value)()


def _nine(value: float) -> float:
    return float(f"{value:.9g}")


def _git(*arguments: str) -> str:
    """What git says. Raises: UserError if it says no."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"git must know the sources, but says: {done.stderr.strip()}")
    return done.stdout.rstrip()
