"""Our engine as the way to search: sampler and pruner by choice, told by number."""

from dataclasses import replace
from typing import Any

from benchmarks.search.budgets import SEARCH, Setting, section
from benchmarks.search.held_out import CPU_SECONDS, HELD_OUT, Watched
from benchmarks.search.runs import Step
from pipeline.nn.examples import Examples
from pipeline.params import Params
from pipeline.pruner_settings import NoPruning
from studies.build import DigitsStudy, build
from studies.rounds import run_study
from studies.trials import Trial


def ours(setting: Setting, seed: int, *, sampler: str, budget: str, pruned: bool) -> list[Step]:
    """The study `search` with another sampler, or unpruned, and as many trials as `budget`."""
    changes: dict[str, Any] = {
        "sampler": sampler,
        "trials": section(setting.params, budget).trials,
    }
    if not pruned:
        changes["pruner"] = NoPruning()
    study = digits(setting.params, seed, **changes)
    objective = watched(study, setting.held_out)
    trials = run_study(study.plan, objective, jobs=setting.jobs, cost=study.objective.cost)
    return [_step(trial) for trial in trials]


def digits(params: Params, seed: int, **changes: Any) -> DigitsStudy:
    """The study `search` with another seed and other `changes` to its section."""
    changed = section(params, SEARCH).model_copy(update={"seed": seed, **changes})
    return build(params.model_copy(update={"studies": {SEARCH: changed}}), SEARCH)


def watched(study: DigitsStudy, held_out: Examples) -> Watched:
    """The study's objective, watched; no early stopping, so that the last epoch is known."""
    objective = replace(study.objective, base=study.base.with_values({"patience": None}))
    return Watched(objective, held_out)


def _step(trial: Trial) -> Step:
    return Step(
        trial.number,
        trial.state,
        len(trial.scores),
        sum(trial.metrics[CPU_SECONDS]),
        trial.value,
        trial.metrics[HELD_OUT][-1],
    )
