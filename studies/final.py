"""Stage `final`: the confirmed winner re-trained on train + val over seeds, and tested once.

The only stage that opens the test split. Reads data/prepared/, reports/confirm/ and the studies
that it confirms; writes reports/final/: networks.csv (a row a network), correct.npy (its right
answers, a bit an image), history.csv, timing.csv, environment.json; of the first seed's network
model.npz, predictions.csv and samples.npz; metrics.json.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import dataset, params
from pipeline.errors import UserError
from pipeline.files import make_folder, write_json
from pipeline.params import Params
from pipeline.result_settings import TUNED
from pipeline.scaling import taken
from pipeline.settings import Trainer
from pipeline.study_settings import Variant, VariantsStudy
from studies import confirm, environment, exported, torch_network
from studies.build import DigitsStudy, build
from studies.execution import settle
from studies.export import CONFIRM, folder_of
from studies.interrupts import Interrupts
from studies.objective import METRIC
from studies.peers import Peer, left_out, peers
from studies.progress import Progress
from studies.retrained import Retrained, answers
from studies.rounds import run_study
from studies.run import crew
from studies.tested import (
    Tested,
    of_peer,
    of_trial,
    write_history,
    write_network,
    write_networks,
)
from studies.trials import Trial

KEY = "final"
REPORT = Path("reports/final")


def run(tell: Callable[[str], None] = lambda _: None) -> str:
    """Re-train, test, write the report; returns one line on what came of it.

    `tell` hears of the other models, one by one.

    Raises: UserError if the confirmed results are missing or not those of today's settings, or
    the winner diverges; Interrupted after Ctrl-C.
    """
    loaded = params.load()
    winner, test = confirmed(loaded), dataset.load("test")
    study = build(with_final(loaded, winner), KEY)
    both = dataset.joined(study.objective.train, study.objective.val)
    digits = replace(study.objective, train=both, val=both)
    trials = trained(study, Retrained(digits, {TUNED: winner["epoch"]}), loaded)
    answered = [answers(digits, trial, test) for trial in trials]
    first, settings = trials[0], digits.settings(trials[0].params)
    as_trained = settings.model_copy(update={"epochs": len(first.scores), "patience": None})
    tested = [
        of_trial(trial, len(taken(digits.settings(trial.params), both).X), probabilities, test)
        for trial, probabilities in zip(trials, answered, strict=True)
    ]
    names, jobs = loaded.final.peers, settle(loaded.execution).jobs
    models = peers(as_trained, both, test, seed=first.seed, names=names, jobs=jobs)
    tested += [of_peer(peer, test) for peer in _told(models, tell)]
    if reason := left_out(names, as_trained):
        tell(f"{KEY}: PyTorch's network left out: {reason}")
    make_folder(REPORT)
    others = {
        "scikit-learn": version("scikit-learn"),
        "torch": torch_network.installed() or "none",
    }
    write_json(REPORT / "environment.json", environment.of(trials) | others)
    write_networks(REPORT, tested)
    write_history(REPORT / "history.csv", trials)
    write_network(REPORT, digits, first, answered[0], test)
    metrics = described(tested, winner, settings)
    write_json(REPORT / "metrics.json", metrics)
    return (
        f"final: test accuracy {metrics['test_accuracy']:.2%}, mean of {len(metrics['seeds'])} "
        f"seeds; see {REPORT}"
    )


def confirmed(loaded: Params) -> dict[str, Any]:
    """The winner, as reports/confirm/study.json has it, with its settings as `variant`.

    Raises: UserError if that file is missing, damaged, or of another study than today's.
    """
    today = build(confirm.with_confirm(loaded), CONFIRM)
    about = exported.about(CONFIRM)
    path, remedy = folder_of(CONFIRM) / "study.json", exported.command(CONFIRM)
    if about["name"] != today.name:
        raise UserError(
            f"{path} must be of {today.name}, but is of {about['name']}; run `{remedy}`"
        )
    try:
        won: dict[str, Any] = about["winner"]
        (source,) = (each for each in about["candidates"] if each["variant"] == won["variant"])
        return {
            "source": {name: source[name] for name in ("study", "number")},
            METRIC: won[METRIC],
            "epoch": won["epoch"],
            "variant": today.objective.variants[won["variant"]],
        }
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{path} is damaged; run `{remedy}`") from None


def with_final(loaded: Params, winner: Mapping[str, Any]) -> Params:
    """The parameters with this stage's study: the winner, then what was published."""
    published = {
        name: Variant(**dict(loaded.trainer.updated(settings)), fault=settings.fault)
        for name, settings in loaded.final.published.items()
    }
    section = VariantsStudy(
        sampler="variants",
        seeds=loaded.final.seeds,
        variants={TUNED: winner["variant"], **published},
    )
    return loaded.model_copy(update={"studies": {KEY: section}})


def trained(study: DigitsStudy, objective: Retrained, loaded: Params) -> list[Trial]:
    """Every configuration over every seed, in order.

    Raises: UserError if the winner diverges with the first seed; with another it counts as such.
    """
    execution, trials = settle(loaded.execution), study.plan.trials
    jobs, cost = min(execution.jobs, trials), study.objective.cost
    with (
        crew(execution, jobs) as workers,
        Progress(KEY, trials, jobs=jobs, cost=cost, found=_untested) as progress,
    ):
        found = run_study(
            replace(study.plan, round_size=trials),
            objective,
            crew=workers,
            cost=cost,
            watch=progress.show,
            interrupts=Interrupts(progress.stopping),
        )
    if not found[0].feasible:  # the network that would be saved
        raise UserError(
            f"final: the winner diverged with seed {found[0].seed} on train + val, so it is not a "
            "stable configuration; name another study in confirm.study, or a narrower space"
        )
    return found


def _told(models: Iterator[Peer], tell: Callable[[str], None]) -> Iterator[Peer]:
    """The other models, each told when it is done."""
    for peer in models:
        tell(f"{KEY}: {peer.name} trained in {peer.seconds:.0f} s")
        yield peer


def described(
    tested: Sequence[Tested], winner: Mapping[str, Any], settings: Trainer
) -> dict[str, Any]:
    """What was tested, and how often it was right."""
    tuned = [each for each in tested if each.kind == TUNED]
    right = [int(each.correct.sum()) for each in tuned]
    images = len(tuned[0].correct)
    return {
        "split": "test",
        "test_accuracy": float(f"{sum(right) / len(right) / images:.9g}"),
        "images": images,
        "classes": dataset.meta()["classes"],
        "image_shape": dataset.meta()["image_shape"],
        "correct": right,
        "seeds": [each.seed for each in tuned],
        "epochs": tuned[0].epochs,
        "parameters": tuned[0].parameters,
        **winner["source"],
        METRIC: winner[METRIC],
        "settings": settings.model_dump(mode="json"),
    }


def _untested(trained: Sequence[Trial]) -> str:
    """What can be said before the test: that networks diverged, if any did."""
    return f"{sum(not trial.feasible for trial in trained)} diverged"
