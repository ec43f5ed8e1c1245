"""Rules on curves fire where the made-up curve or pruner is wrong, and there alone."""

from collections.abc import Callable

import numpy as np
import pytest

from analysis.load import Study
from analysis.results import Results
from analysis.verdicts import curves
from analysis.verdicts.finding import NotApplicable

from .toys import FLAT, RISING, confirmation, results, study

LEADER, PRUNED = ("search", 4), ("search", 7)
FALLING = tuple(np.linspace(0.5, 0.2, 20))
TURNING = (*np.linspace(0.5, 0.2, 10), *np.linspace(0.2, 0.3, 10))


@pytest.mark.parametrize(("curve", "fired"), [(RISING, True), (FLAT, False)])
def test_curve_that_still_rises_fires(curve: tuple[float, ...], fired: bool) -> None:
    """More epochs would help, or would not."""
    found = curves.still_rising(results(study([0.9, 0.8], curve=curve)))
    assert found.fired is fired
    assert found.command == f"Raise `studies.search.settings.epochs` above {len(curve)}"


def test_epochs_that_are_searched_are_raised_there() -> None:
    """Where epochs are a parameter, its range is what ends too early."""
    space = {"epochs": {"type": "int", "low": 5, "high": 10}}
    search = study([0.9], [{"epochs": 10}], space=space, curve=RISING)
    assert curves.still_rising(results(search)).command == "Raise `studies.search.space.epochs`"


def test_curves_of_fresh_seeds_count_where_there_are_any() -> None:
    """The best trial's last epochs flatter it: the confirmed winner's are asked."""
    search = study([0.9], curve=RISING)
    again = confirmation({LEADER: 0.95}, curve=FLAT)
    assert not curves.still_rising(results(search, confirm=again)).fired


@pytest.mark.parametrize(("losses", "fired"), [(TURNING, True), (FALLING, False)])
def test_validation_loss_that_turned_fires(losses: tuple[float, ...], fired: bool) -> None:
    """From 0.2 after epoch 10 to 0.3 the loss has risen by half."""
    found = curves.overfitting(results(study([0.9], losses=losses)))
    assert found.fired is fired
    assert found.number == pytest.approx(0.5 if fired else 0)
    if fired:
        assert "after epoch 10 of 20" in found.words


@pytest.mark.parametrize("rule", [curves.still_rising, curves.overfitting])
@pytest.mark.parametrize(
    "search",
    [study([0.9], pruned=[0]), study([0.9], curve=[0.9])],
    ids=["unfinished", "one-epoch"],
)
def test_without_a_curve_nothing_is_said(rule: Callable[[Results], object], search: Study) -> None:
    """A curve takes a finished trial and two epochs."""
    with pytest.raises(NotApplicable):
        rule(results(search))


def test_loss_that_was_not_recorded_is_not_judged() -> None:
    """All losses missing: no lowest one."""
    with pytest.raises(NotApplicable, match="not recorded"):
        curves.overfitting(results(study([0.9], losses=[np.nan] * len(FLAT))))


@pytest.mark.parametrize(
    ("mean", "fired", "told"),
    [
        (0.96, True, "is 1.0 points ahead of it."),
        (0.95, True, "is level with it."),
        (0.949, False, "is 0.1 points behind it, which may be chance."),
        (0.90, False, "is 5.0 points behind it."),
    ],
    ids=["beats", "equals", "may-be-as-good", "loses"],
)
def test_pruned_trial_that_would_lead_fires(mean: float, fired: bool, told: str) -> None:
    """Trained to its end a pruned trial beats the leader or equals it; a tie is no evidence."""
    roles = {PRUNED: "pruned"}
    again = confirmation({LEADER: 0.95, PRUNED: mean}, roles=roles, spread=0.005, noise=10)
    found = curves.pruned_a_leader(results(study([0.9, 0.8], pruned=[1]), confirm=again))
    assert found.fired is fired
    assert found.number == pytest.approx(mean - 0.95, abs=0.001)
    assert found.words.startswith(f"{'1' if fired else 'None'} of 1 pruned trials")
    assert found.words.endswith(told)
    assert "`studies.search.pruner`" in found.command


@pytest.mark.parametrize(
    ("pruned", "confirm", "why"),
    [
        ([], None, "No trial was pruned"),
        ([1], None, "run `python -m studies confirm`"),
        ([1], confirmation({LEADER: 0.95}), "raise `confirm.pruned`"),
        ([1], confirmation({PRUNED: 0.95}, roles={PRUNED: "pruned"}), "No pruned trial"),
    ],
    ids=["none", "unconfirmed", "not-trained", "no-leader"],
)
def test_pruner_is_judged_by_trials_trained_to_their_end(
    pruned: list[int], confirm: Study | None, why: str
) -> None:
    """Only what was trained again tells what was thrown away."""
    with pytest.raises(NotApplicable, match=why):
        curves.pruned_a_leader(results(study([0.9, 0.8], pruned=pruned), confirm=confirm))
