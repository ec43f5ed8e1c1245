"""What is wrong with a configuration, found by rule from its numbers alone."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.statistics import Interval

NEAR_CHANCE = 0.05  # this close to guessing counts as guessing
FITTED = 0.95  # a network that fits its training images gets at least this share of them right
WIDE_GAP = 0.03  # training above validation accuracy by more than this is overfitting
RISING = 0.002  # gained over the last tenth of the epochs: more training would still help


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The numbers of one configuration, means over its seeds."""

    val_accuracy: float
    train_accuracy: float
    seeds: int
    chance: float  # the accuracy of a guess
    diverged: int = 0  # seeds with a non-finite loss
    gradient_passed: bool = True
    rise: float = 0.0  # see `rise`
    change: Interval | None = None  # against the configuration before, paired


def near_chance(chance: float) -> float:
    """The accuracy up to which a network counts as guessing: of many classes a guess is rare."""
    return chance + min(NEAR_CHANCE, chance / 2)


def issue(evidence: Evidence) -> str:
    """Every rule that fires, in words; once a run is broken, quality rules say nothing more."""
    found = [words for rule in BROKEN if (words := rule(evidence))]
    found = found or [words for rule in QUALITY if (words := rule(evidence))]
    return "; ".join(found) or "none"


def rise(val_accuracy: list[float]) -> float:
    """The mean of the last tenth of a learning curve minus the mean of the tenth before."""
    tenth = max(len(val_accuracy) // 10, 1)
    if len(val_accuracy) < 2 * tenth:
        return 0.0
    last, before = val_accuracy[-tenth:], val_accuracy[-2 * tenth : -tenth]
    return (sum(last) - sum(before)) / tenth


def wrong_gradient(evidence: Evidence) -> str:
    """The backward pass disagrees with finite differences."""
    return "" if evidence.gradient_passed else "wrong gradient, caught by the check"


def diverged(evidence: Evidence) -> str:
    """The loss became infinite or not a number."""
    of = (
        ""
        if evidence.diverged == evidence.seeds
        else f" ({evidence.diverged} of {evidence.seeds})"
    )
    return f"diverged{of}" if evidence.diverged else ""


def at_chance(evidence: Evidence) -> str:
    """The network guesses, although its loss stayed finite."""
    guesses = evidence.val_accuracy <= near_chance(evidence.chance) and not evidence.diverged
    return "at chance" if guesses else ""


def underfits(evidence: Evidence) -> str:
    """Even the training images are not learned."""
    return "underfits" if evidence.train_accuracy < FITTED else ""


def overfits(evidence: Evidence) -> str:
    """Training images are learned much better than new ones."""
    return "overfits" if evidence.train_accuracy - evidence.val_accuracy > WIDE_GAP else ""


def still_rising(evidence: Evidence) -> str:
    """Validation accuracy was still growing when training ended."""
    return "still rising" if evidence.rise > RISING else ""


def within_noise(evidence: Evidence) -> str:
    """The change against the configuration before cannot be told from none."""
    if evidence.change is None:
        return ""
    low, high = evidence.change
    return "change within noise" if low <= 0 <= high else ""


Rule = Callable[[Evidence], str]
BROKEN: tuple[Rule, ...] = (wrong_gradient, diverged, at_chance)
QUALITY: tuple[Rule, ...] = (underfits, overfits, still_rising, within_noise)
