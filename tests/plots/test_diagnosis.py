"""Each rule fires where it must and stays silent where it must not."""

from dataclasses import replace

import pytest

from analysis import diagnosis
from analysis.diagnosis import Evidence
from analysis.statistics import Interval

GOOD = Evidence(
    val_accuracy=0.96, train_accuracy=0.98, seeds=3, chance=0.1, change=Interval(0.01, 0.02)
)


def test_a_good_configuration_has_no_issue() -> None:
    """No rule fires on a network that learned, generalized, converged and improved."""
    assert diagnosis.issue(GOOD) == "none"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gradient_passed": False}, "wrong gradient, caught by the check"),
        ({"diverged": 3, "val_accuracy": 0.1}, "diverged"),
        ({"diverged": 1}, "diverged (1 of 3)"),
        ({"val_accuracy": 0.12, "train_accuracy": 0.11}, "at chance"),
        ({"val_accuracy": 0.92, "train_accuracy": 0.94}, "underfits"),
        ({"val_accuracy": 0.94, "train_accuracy": 1.0}, "overfits"),
        ({"rise": 0.004}, "still rising"),
        ({"change": Interval(-0.001, 0.003)}, "change within noise"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_fires_alone(change: dict[str, object], words: str) -> None:
    """One thing wrong gives exactly one issue."""
    assert diagnosis.issue(replace(GOOD, **change)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"val_accuracy": 0.955, "train_accuracy": 0.95},
        {"val_accuracy": 0.951, "train_accuracy": 0.98},
        {"rise": 0.002},
        {"rise": -0.01},
        {"change": None},
        {"change": Interval(-0.03, -0.01)},
    ],
    ids=["just-fits", "small-gap", "almost-flat", "falling", "first", "clearly-worse"],
)
def test_rules_stay_silent_at_their_limits(change: dict[str, object]) -> None:
    """What is barely right is right."""
    assert diagnosis.issue(replace(GOOD, **change)) == "none"  # type: ignore[arg-type]


def test_a_broken_run_is_not_judged_further() -> None:
    """A network that diverged is not also called underfitting."""
    broken = replace(GOOD, diverged=3, val_accuracy=0.1, train_accuracy=0.1, gradient_passed=False)
    assert diagnosis.issue(broken) == "wrong gradient, caught by the check; diverged"


def test_several_weaknesses_are_all_named() -> None:
    """Overfitting does not hide that the step changed nothing."""
    weak = replace(GOOD, train_accuracy=1.0, change=Interval(-0.01, 0.01))
    assert diagnosis.issue(weak) == "overfits; change within noise"


def test_rise_compares_the_last_two_tenths() -> None:
    """Twenty epochs: the mean of the last two minus the mean of the two before."""
    curve = [0.5] * 16 + [0.90, 0.92, 0.93, 0.95]
    assert diagnosis.rise(curve) == pytest.approx(0.03)
    assert diagnosis.rise([0.9]) == 0.0
