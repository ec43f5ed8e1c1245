"""The study in memory that a sampler sees."""

from typing import Any, ClassVar

import optuna
import pytest
from optuna.distributions import BaseDistribution
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

from studies.proposals import Sampled, random, tpe
from tests.search.toys import SPACE, ran


def test_the_mirror_is_kept() -> None:
    """From round to round of a study the mirror is told what is new, and never built again."""
    proposer = Sampled(tpe, SPACE, 7)
    told = ran(proposer, 16)
    study = proposer._mirror._study
    proposer.propose(range(16, 24), told)
    assert proposer._mirror._study is study


def test_a_mirror_of_other_trials_is_built_anew() -> None:
    """A proposer that served one history serves another as a new one would."""
    proposer, told = Sampled(tpe, SPACE, 7), ran(Sampled(tpe, SPACE, 7), 16)
    others = ran(Sampled(random, SPACE, 3), 16)
    expected = Sampled(tpe, SPACE, 7).propose(range(16, 20), others)
    proposer.propose(range(16, 20), told)
    assert proposer.propose(range(16, 20), others) == expected
    proposer.propose(range(8, 16), told[:8])
    foreign = [*told[:8], *others[8:]]
    assert proposer.propose(range(16, 20), foreign) == Sampled(tpe, SPACE, 7).propose(
        range(16, 20), foreign
    )


class Looking(RandomSampler):
    """A sampler that remembers what it saw at each ask, and marks trials if it may."""

    seen: ClassVar[list[list[FrozenTrial]]] = []

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        self.seen.append(study.get_trials())
        return {}

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, *_: Any) -> None:
        study._storage.set_trial_system_attr(trial._trial_id, "marked", True)


@pytest.mark.parametrize("kept", [True, False])
def test_told_trials_are_what_an_ordinary_study_holds(kept: bool) -> None:
    """Earlier rounds are finished, with value and curve; its own is running; none is marked."""
    Looking.seen.clear()
    proposer = Sampled(Looking, SPACE, 7)
    told = ran(proposer, 16)
    (proposer if kept else Sampled(Looking, SPACE, 7)).propose(range(16, 20), told)
    shown = Looking.seen[-1]
    assert [trial.state for trial in shown[16:]] == [TrialState.RUNNING] * 4
    for there, trial in zip(shown, told, strict=False):
        assert (there.number, there.state.name) == (trial.number, trial.state)
        assert list(there.intermediate_values.values()) == list(trial.scores)
        assert there.value == (trial.scores[-1] if trial.state == "PRUNED" else trial.value)
        assert there.system_attrs == {}
