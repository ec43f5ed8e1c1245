"""Rules on what trials prove fire where the made-up evidence is thin, and there alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from analysis.load import Study
from analysis.results import Results
from analysis.statistics import Interval
from analysis.verdicts import evidence
from analysis.verdicts.finding import NotApplicable

from .toys import confirmation, results, study

LEADER, SECOND, THIRD, RANDOM = ("search", 4), ("search", 7), ("search", 9), ("random", 2)


def spread_out(n: int, width: float) -> Study:
    """A random study whose accuracies lie evenly over a width below 95 %."""
    accuracies = 0.95 - width * np.random.default_rng(1).random(n)
    return study(accuracies.round(3).tolist(), key="random")


def test_too_few_trials_fire() -> None:
    """Eight draws over half of the range: another eight would find much better."""
    random = spread_out(8, 0.5)
    found = evidence.too_few_trials(results(study([0.9, 0.9]), random))
    assert found.fired
    assert found.number is not None
    assert found.number > 0.01
    assert "Doubling the 8 independent draws" in found.words
    assert "`studies.random.trials` to 16 and `studies.search.trials` to 4" in found.command


def test_enough_trials_are_clear() -> None:
    """Among 256 draws the best is all but reached."""
    assert not evidence.too_few_trials(results(study([0.9]), spread_out(256, 0.1))).fired


def test_random_search_alone_is_raised_alone() -> None:
    """Where the search is the random one, its trials are what to raise."""
    found = evidence.too_few_trials(results(spread_out(8, 0.5)))
    assert found.command == "Raise `studies.random.trials` to 16; finished trials are kept"


def test_gain_of_doubling_is_that_of_the_distribution() -> None:
    """Uniform draws: the best of n is n / (n + 1) of the width, so 64 more than 64 gain 0.0077."""
    gains = []
    for seed in range(40):
        values = np.random.default_rng(seed).random(64)
        found = evidence.too_few_trials(results(study(values.tolist(), key="random")))
        gains.append(found.number)
    assert np.mean(gains) == pytest.approx(128 / 129 - 64 / 65, abs=0.0025)


@pytest.mark.parametrize(
    ("studies", "why"),
    [([study([0.9] * 8)], "no random search"), ([study([0.9] * 3, key="random")], "3 finished")],
    ids=["no-draws", "three"],
)
def test_trials_cannot_be_counted_without_draws(studies: list[Study], why: str) -> None:
    """The expected best takes independent draws, four or more."""
    with pytest.raises(NotApplicable, match=why):
        evidence.too_few_trials(results(*studies))


@pytest.mark.parametrize(
    ("ours", "theirs", "fired"), [(0.95, 0.90, False), (0.95, 0.949, True), (0.90, 0.95, True)]
)
def test_search_beside_random_by_their_best_trials(
    ours: float, theirs: float, fired: bool
) -> None:
    """Without a confirmation the images of the two best trials decide."""
    searches = study([0.8, ours], apart=[0, 3]), study([theirs, 0.8], key="random")
    found = evidence.no_better_than_random(results(*searches))
    assert found.fired is fired
    assert found.number == pytest.approx(ours - theirs)
    assert "one training each" in found.words


@pytest.mark.parametrize(("ours", "fired"), [(0.95, False), (0.905, True)])
def test_search_beside_random_over_fresh_seeds(ours: float, fired: bool) -> None:
    """The best trials flattered themselves: what they do over fresh seeds decides."""
    again = confirmation({LEADER: ours, SECOND: 0.99, RANDOM: 0.90}, spread=0.01, noise=5)
    searches = study([0.9, 0.9 if not fired else 0.99]), study([0.9, 0.8], key="random")
    found = evidence.no_better_than_random(results(*searches, confirm=again))
    assert found.fired is fired
    assert found.number == pytest.approx(ours - 0.90)
    assert "over fresh seeds" in found.words


def test_of_equal_scores_the_first_trial_stands_for_the_search() -> None:
    """Fresh seeds have no say in the choice: trial 4 came first, though trial 7 does better."""
    again = confirmation({SECOND: 0.99, LEADER: 0.92, RANDOM: 0.90}, noise=5)
    again.about["candidates"] = [c | {"val_accuracy": 0.95} for c in again.about["candidates"]]
    searches = study([0.9]), study([0.9], key="random")
    found = evidence.no_better_than_random(results(*searches, confirm=again))
    assert found.number == pytest.approx(0.92 - 0.90)


def test_lead_that_is_just_above_nothing_is_not_rounded_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end that decides shows its digits; the words say that nothing corrects for others."""
    monkeypatch.setattr(evidence, "mean_difference", lambda *_: Interval(0.0004, 0.02))
    found = evidence.no_better_than_random(results(study([0.9]), study([0.8], key="random")))
    assert not found.fired
    assert "points (+0.04 to +2.0)" in found.words
    assert "one planned comparison: the interval is at 95 %, not widened" in found.words


@pytest.mark.parametrize(
    ("change", "told"), [(0.0104, "+1.0"), (-0.00004, "−0.004"), (0.0, "+0.0"), (1e-12, "+0.0")]
)
def test_decisive_digits(change: float, told: str) -> None:
    """As many as tell it from nothing, unless it is nothing."""
    assert evidence.decisive(change) == told


def test_random_search_that_won_is_told() -> None:
    """Where random search found the winner, the search beside it is still asked for."""
    found = evidence.no_better_than_random(
        results(study([0.95], key="random"), study([0.9], key="search"))
    )
    assert found.fired
    assert found.number == pytest.approx(-0.05)


@pytest.mark.parametrize("key", ["search", "random"])
def test_nothing_to_compare_a_search_with(key: str) -> None:
    """One study alone is not better or worse than any."""
    with pytest.raises(NotApplicable, match=r"no random search|no search beside"):
        evidence.no_better_than_random(results(study([0.9], key=key)))


def test_tied_trials_fire() -> None:
    """Two of three trials are as good as the best: the smallest of them is named."""
    search = study([0.80, 0.949, 0.95, 0.948], apart=[0, 10, 20, 30])
    found = evidence.tied_leaders(results(search))
    assert found.fired
    assert found.number == 2
    assert found.words.startswith("2 of the 3 others may be as good as the best, trial 2 of")
    assert found.command == (
        "Take the smallest of them, trial 1 of search with 1,001 parameters: "
        "#2 in reports/tables/leaderboard.md"
    )


def test_leader_that_is_the_smallest_is_kept() -> None:
    """Nobody is told to take the smallest where that is the best itself."""
    found = evidence.tied_leaders(results(study([0.95, 0.949])))
    assert found.fired
    assert found.command == "Keep the best: with 1,000 parameters it is the smallest as well"


def test_leader_far_ahead_is_clear() -> None:
    """No trial comes near the best."""
    found = evidence.tied_leaders(results(study([0.80, 0.95, 0.90])))
    assert not found.fired
    assert found.number == 0


@pytest.mark.parametrize(("second", "tied"), [(0.949, 1), (0.90, 0)])
def test_ties_over_fresh_seeds(second: float, tied: int) -> None:
    """With a confirmation its paired intervals say who ties."""
    again = confirmation({LEADER: 0.95, SECOND: second, THIRD: 0.8}, spread=0.005, noise=5)
    found = evidence.tied_leaders(results(study([0.9] * 5), confirm=again))
    assert (found.fired, found.number) == (tied > 0, tied)
    assert "trial 4 of search, which has 95.0 % as the mean over fresh seeds" in found.words
    assert found.command.startswith("Keep the best")  # the first is the smallest


def test_smallest_of_those_confirmed_stands_in_their_table() -> None:
    """The remedy names its line, not a command that shows another trial."""
    again = confirmation({LEADER: 0.95, SECOND: 0.949}, spread=0.005, noise=5)
    again.trials["parameters"] = [2000] * 5 + [500] * 5
    found = evidence.tied_leaders(results(study([0.9] * 5), confirm=again))
    assert found.command == (
        "Take the smallest of them, trial 7 of search with 500 parameters: "
        "#2 in reports/tables/confirm.md"
    )


@pytest.mark.parametrize(
    "found",
    [results(study([0.9])), results(study([0.9]), confirm=confirmation({LEADER: 0.9}))],
    ids=["trial", "confirmed"],
)
def test_one_configuration_has_no_rival(found: Results) -> None:
    """A tie takes two."""
    with pytest.raises(NotApplicable):
        evidence.tied_leaders(found)


@pytest.mark.parametrize(("second", "fired"), [(0.948, True), (0.90, False)])
def test_difference_that_images_cannot_show_fires(second: float, fired: bool) -> None:
    """Two images of a thousand are no difference; fifty are."""
    found = evidence.below_resolution(results(study([0.95, second], apart=[0, 10])))
    assert found.fired is fired
    assert found.number == pytest.approx(0.95 - second)
    assert "between unrelated networks" in found.words


def test_images_that_would_show_the_difference(tmp_path: Path) -> None:
    """18 of 1,000 images differ, 2 are the lead: 2.8^2 * 0.018 / 0.002^2 show it mostly."""
    search, meta = study([0.95, 0.948], apart=[0, 10]), tmp_path / "meta.json"
    assert int((search.correct[0] ^ search.correct[1]).sum()) == 18
    for sizes in (None, {"train": 30000, "val": 4000, "test": 2000}):
        if sizes:
            meta.write_text(json.dumps({"sizes": sizes}))
        found = evidence.below_resolution(results(search), meta)
        assert "raise `data.sizes.val` to about 35,300, which show such a lead" in found.command
    meta.write_text(json.dumps({"sizes": {"train": 3000, "val": 1000, "test": 1000}}))
    found = evidence.below_resolution(results(search), meta)
    assert found.command.startswith("Call them equal: no split of the 5,000 images here")
    assert "raise" not in found.command


def test_images_needed_show_the_lead_in_eight_of_ten_cases() -> None:
    """Simulated: two networks that differ on a tenth of the images, one ahead by 2 points."""
    images, rng = round(evidence.images_needed(0.02, 0.1)), np.random.default_rng(0)
    shown = 0
    for _ in range(500):
        ahead, behind, _same = rng.multinomial(images, [0.06, 0.04, 0.9])
        p = scipy.stats.binomtest(int(ahead), int(ahead + behind)).pvalue
        shown += p <= evidence.LEVEL
    assert shown / 500 == pytest.approx(evidence.POWER, abs=0.05)


def test_no_number_of_images_parts_equals() -> None:
    """Two trials that are right on as many images."""
    equal = study([0.95, 0.95], apart=[0, 10])
    assert "no number of images" in evidence.below_resolution(results(equal)).command


def test_smallest_difference_is_where_mcnemar_turns() -> None:
    """Of 30 images that differ a surplus of 12 is shown, 10 is not."""
    first, second = (np.arange(1000) < n for n in (21, 0))
    second[500:509] = True
    assert evidence.mcnemar(first, second) < 0.05
    second[509], first[20] = True, False
    assert evidence.mcnemar(first, second) > 0.05
    assert evidence.smallest_difference(30, 1000) == 0.012


def test_one_trial_has_no_lead() -> None:
    """A second trial must have finished."""
    with pytest.raises(NotApplicable, match="Only one trial"):
        evidence.below_resolution(results(study([0.9, 0.8], pruned=[1])))


@pytest.mark.parametrize(("spread", "fired"), [(0.02, True), (0.002, False)])
def test_winner_that_varies_by_more_than_its_lead_fires(spread: float, fired: bool) -> None:
    """The lead is one point; a seed moves one training by 1.6 points, or by 0.16."""
    again = confirmation({LEADER: 0.95, SECOND: 0.94}, spread=spread)
    found = evidence.unstable_optimum(results(study([0.9]), confirm=again))
    assert found.fired is fired
    assert found.number == pytest.approx(np.std(np.linspace(-1, 1, 5), ddof=1) * spread)
    assert found.words.startswith("Single trainings of trial 4 of search vary by")
    assert "confirm.seeds" not in found.command  # no number of them shrinks this spread


@pytest.mark.parametrize(
    ("confirm", "why"),
    [
        (None, "run `python -m studies confirm`"),
        (confirmation({LEADER: 0.95, SECOND: 0.94}, seeds=1), "One seed"),
        (confirmation({LEADER: 0.95}), "One configuration"),
        (confirmation({}), "share no seeds"),
    ],
    ids=["none", "one-seed", "alone", "empty"],
)
def test_stability_takes_seeds_and_rivals(confirm: Study | None, why: str) -> None:
    """Without fresh seeds nothing is known of the spread."""
    with pytest.raises(NotApplicable, match=why):
        evidence.unstable_optimum(results(study([0.9]), confirm=confirm))
