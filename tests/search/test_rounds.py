"""The engine: the same trials however it is run."""

import math
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib.externals.loky
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from pipeline.errors import UserError
from studies import proposals
from studies.interrupts import Interrupted, Interrupts
from studies.rounds import run_study
from studies.trials import Report, Trial
from tests.search.toys import Kept, curve, dawdling_curve, facts, plan


@pytest.fixture(scope="module")
def reference() -> list[Trial]:
    """The study run by one worker, never interrupted."""
    return run_study(plan(), curve, Kept())


@pytest.mark.parametrize("jobs", [2, 3])
def test_workers_decide_nothing(reference: list[Trial], jobs: int) -> None:
    """Any number of workers, finishing in any order, makes the same trials."""
    assert facts(run_study(plan(), dawdling_curve, Kept(), jobs=jobs)) == facts(reference)


def test_the_study_prunes_and_finishes(reference: list[Trial]) -> None:
    """The reference is worth comparing with: it has pruned and finished trials, none alike."""
    assert {trial.state for trial in reference} == {"COMPLETE", "PRUNED"}
    assert len({str(trial.params) for trial in reference}) == len(reference)


def test_first_round_is_never_pruned(reference: list[Trial]) -> None:
    """Nothing has been told before the first round: there is nothing to compare with."""
    assert {trial.state for trial in reference[:6]} == {"COMPLETE"}


@pytest.mark.parametrize("finished", [1, 5, 6, 8, 13, 19])
def test_resuming_makes_the_same_trials(reference: list[Trial], finished: int) -> None:
    """A study stopped after any trial, out of order too, ends as if it had not been."""
    kept = reference[: finished - finished % 6] + reference[: finished + 1][-(finished % 6) :]
    store = Kept(kept)
    assert facts(run_study(plan(), curve, store, jobs=2)) == facts(reference)
    assert not set(store.order) & {trial.number for trial in kept}


@pytest.mark.parametrize("first", [1, 8, 12])
def test_extending_makes_the_same_trials(reference: list[Trial], first: int) -> None:
    """Some trials and then the others are the same as all at once, whatever the round."""
    store = Kept()
    run_study(plan(first), curve, store)
    assert facts(run_study(plan(), curve, store)) == facts(reference)


def test_fewer_trials_than_the_store_holds(reference: list[Trial]) -> None:
    """A study cut short gives its first trials, and trains nothing."""
    store = Kept(reference)
    assert facts(run_study(plan(9), curve, store)) == facts(reference[:9])
    assert store.order == []


def test_random_trials_do_not_depend_on_results(reference: list[Trial]) -> None:
    """Random search draws the same points whatever the objective says, TPE does not."""

    def other(params: Mapping[str, Any], seed: int) -> Iterator[float]:
        yield params["x"]

    def points(sampler: Any, objective: Any) -> list[Any]:
        trials = run_study(plan(sampler=sampler), objective, Kept())
        return [trial.params for trial in trials]

    assert points(proposals.random, curve) == points(proposals.random, other)
    assert points(proposals.tpe, curve) != points(proposals.tpe, other)


def test_dearest_first(reference: list[Trial]) -> None:
    """Within a round trials are trained from the dearest to the cheapest."""
    store = Kept()
    run_study(plan(), curve, store, cost=lambda params: params["n"])
    begun = sorted(store.trials.values(), key=lambda trial: trial.timing.began)
    for first in (0, 6, 12, 18):
        costs = [trial.params["n"] for trial in begun[first : first + 6]]
        assert costs == sorted(costs, reverse=True)
    assert [trial.number for trial in begun] != list(range(20))


def test_round_is_opened_before_it_is_trained() -> None:
    """Every trial of a round is in the store before any of them is finished."""
    seen: list[tuple[int, int]] = []
    store = Kept()
    run_study(
        plan(12), curve, store, watch=lambda f, _: seen.append((len(f), len(store.proposals)))
    )
    assert [opened for finished, opened in seen if finished] == [6] * 6 + [12] * 6


def test_interruption_keeps_what_finished(reference: list[Trial]) -> None:
    """After a request to stop no trial is begun, and the next run goes on from there."""
    store, interrupts, requested = Kept(), Interrupts(), []

    def stop_after_eight(finished: Any, waiting: Any) -> None:
        if len(finished) == 8:
            requested.append(time.time())
            interrupts.requested = True

    with pytest.raises(Interrupted):
        run_study(plan(), dawdling_curve, store, watch=stop_after_eight, interrupts=interrupts)
    began = [trial.timing.began for trial in store.trials.values()]
    assert 8 <= len(began) <= 12
    assert sum(when > requested[0] for when in began) <= 1  # what was on its way to the worker
    assert facts(run_study(plan(), curve, store)) == facts(reference)


def test_nothing_is_written_once_the_study_changed() -> None:
    """When code, settings or data change in mid-study, no further trial is kept."""
    store = Kept()

    def unchanged() -> None:
        if len(store.order) == 4:
            raise UserError("changed")

    with pytest.raises(UserError, match="changed"):
        run_study(plan(), curve, store, unchanged=unchanged)
    assert len(store.order) == 4


def test_foreign_trial_is_refused(reference: list[Trial]) -> None:
    """A trial in the store that this study would not propose stops the study."""
    foreign = replace(reference[2], params={**reference[2].params, "x": 0.5})
    with pytest.raises(UserError, match="trial 2 in the store must have"):
        run_study(plan(), curve, Kept([foreign]))


def stopping(params: Mapping[str, Any], seed: int) -> Iterator[Report]:
    """An objective that gives up at its second step."""
    yield Report(0.5, {"loss": 2.0})
    yield Report(0.1, stop="diverged", feasible=False)


def up_and_down(params: Mapping[str, Any], seed: int) -> Iterator[Report]:
    """Three steps, the second of them the best and kept."""
    yield Report(0.5, kept=1)
    yield Report(0.8, kept=2)
    yield Report(0.6, kept=2)


def test_a_trial_is_worth_the_step_it_keeps() -> None:
    """The value is the score of the step that the last report keeps, not the last score."""
    trials = run_study(plan(trials=1), up_and_down, Kept())
    assert (trials[0].value, trials[0].kept) == (0.8, 2)
    assert trials[0].scores == (0.5, 0.8, 0.6)


def test_a_trial_that_gives_up_is_a_result() -> None:
    """It is complete, infeasible, and carries its reason and its last score."""
    (trial,) = run_study(plan(1), stopping, Kept())
    assert (trial.state, trial.stop_reason, trial.feasible) == ("COMPLETE", "diverged", False)
    assert trial.value == 0.1
    assert trial.metrics["loss"][0] == 2.0
    assert math.isnan(trial.metrics["loss"][1])


def deadly(params: Mapping[str, Any], seed: int) -> Iterator[float]:
    """An objective that takes its process with it, on some parameters."""
    if params["n"] > 8:
        os._exit(1)
    yield params["x"]


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_deadly_trial_is_named(jobs: int) -> None:
    """A trial that kills its worker three times ends the study; the round's others are kept."""
    store = Kept()
    message = r"trial \d+ killed its worker 3 times \(EXIT\(1\)\).*'n': \d+.*fewer workers"
    with pytest.raises(UserError, match=message):
        run_study(plan(), deadly, store, jobs=jobs)
    assert sorted(store.trials) == [
        proposal.number for proposal in store.proposals if proposal.params["n"] <= 8
    ]


def gluttonous(params: Mapping[str, Any], seed: int) -> Iterator[float]:
    """An objective that asks for more memory than there is."""
    raise MemoryError
    yield 0.0


def test_out_of_memory_is_a_death() -> None:
    """A trial that Python cannot find memory for ends as one that the system ended."""
    with pytest.raises(UserError, match=r"killed its worker 3 times \(EXIT\(137\)\)"):
        run_study(plan(1), gluttonous, Kept())


def threads(params: Mapping[str, Any], seed: int) -> Iterator[float]:
    """An objective that says on how many threads its process computes products."""
    np.ones((2, 2)) @ np.ones((2, 2))
    yield max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


def test_a_worker_computes_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says: products differ in their bits between one and two."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "4")
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)  # new ones read them
    (trial,) = run_study(plan(1), threads, Kept())
    assert trial.value == 1


def test_plan_and_proposer_go_one_way() -> None:
    """A plan that minimizes what its proposer maximizes is refused."""
    with pytest.raises(UserError, match="one direction, but say minimize and maximize"):
        replace(plan(), direction="minimize")


@dataclass(frozen=True)
class Mortal:
    """The curve, but some trials kill their worker in the middle, twice each."""

    folder: Path

    def __call__(self, params: Mapping[str, Any], seed: int) -> Iterator[Report]:
        """Yield the curve, or leave a note in the folder and die."""
        deaths = len(list(self.folder.glob(f"{seed}-*")))
        for step, report in enumerate(curve(params, seed)):
            if step == 3 and seed % 7 == 0 and deaths < 2:
                (self.folder / f"{seed}-{deaths}").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            yield report


@pytest.mark.parametrize("jobs", [1, 3])
def test_dead_workers_decide_nothing(reference: list[Trial], jobs: int, tmp_path: Path) -> None:
    """A worker that dies is replaced, its trial trained again: the same trials come out."""
    assert facts(run_study(plan(), Mortal(tmp_path), Kept(), jobs=jobs)) == facts(reference)
    assert len(list(tmp_path.iterdir())) >= 2


def not_finite(params: Mapping[str, Any], seed: int) -> Iterator[float]:
    """An objective with a score that is no number."""
    yield math.nan


def silent(params: Mapping[str, Any], seed: int) -> Iterator[float]:
    """An objective that says nothing."""
    return iter(())


@pytest.mark.parametrize(
    ("objective", "rule"),
    [(not_finite, "scores must be finite, not nan"), (silent, "must report at least one score")],
)
def test_objectives_are_held_to_their_contract(objective: Any, rule: str) -> None:
    """A score that is no number, or none at all, is refused by name."""
    with pytest.raises(UserError, match=f"trial 0.*{rule}"):
        run_study(plan(1), objective, Kept())
