"""Plain Optuna as the way to search: `study.optimize`, TPE as it comes, threads."""

from math import nan
from typing import Any

import optuna
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial

from benchmarks.search.budgets import SEARCH, Setting, section
from benchmarks.search.engine import digits, watched
from benchmarks.search.held_out import CPU_SECONDS, HELD_OUT
from benchmarks.search.runs import Step
from pipeline.space_settings import asked, parents_first
from pipeline.study_settings import SampledStudy
from studies import proposals, pruning, space


def plain_optuna(setting: Setting, seed: int) -> list[Step]:
    """Space, trainer, pruner and number of trials of `search`; trials in the order they ended."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    searched = section(setting.params, SEARCH)
    train = watched(digits(setting.params, seed), setting.held_out)

    def objective(trial: optuna.Trial) -> float:
        score, seconds = nan, 0.0
        train_seed = proposals.seeds(seed, trial.number)[1]
        for step, report in enumerate(train(point(trial, searched), train_seed), 1):
            score, seconds = report.score, seconds + report.metrics[CPU_SECONDS]
            trial.set_user_attr(CPU_SECONDS, seconds)
            trial.set_user_attr(HELD_OUT, report.metrics[HELD_OUT])
            trial.report(score, step)
            if report.stop is None and trial.should_prune():
                raise optuna.TrialPruned
        return score

    study = optuna.create_study(
        direction="maximize", sampler=TPESampler(seed=seed), pruner=pruning.make(searched.pruner)
    )
    told: list[Step] = []
    study.optimize(
        objective,
        n_trials=searched.trials,
        n_jobs=setting.jobs,
        callbacks=[lambda _, trial: told.append(_step(trial))],
    )
    return told


def point(trial: optuna.Trial, study: SampledStudy) -> dict[str, Any]:
    """What the trial's sampler suggests in the study's space."""
    dimensions, when = space.distributions(study.space), space.conditions(study.space)
    params: dict[str, Any] = {}
    for name in parents_first(list(dimensions), when):
        if asked(name, params, when):
            params[name] = space.suggest(trial, name, dimensions[name])
    return params


def _step(trial: FrozenTrial) -> Step:
    epochs, about = len(trial.intermediate_values), trial.user_attrs
    score = trial.intermediate_values[epochs]
    return Step(trial.number, trial.state.name, epochs, about[CPU_SECONDS], score, about[HELD_OUT])
