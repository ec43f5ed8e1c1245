"""Intervals and tests against published values, formulas and simulation."""

from itertools import combinations

import numpy as np
import pytest
from pandas import DataFrame

from analysis import statistics


def test_wilson_equals_the_published_formula() -> None:
    """(p + z^2/2n +- z sqrt(pq/n + z^2/4n^2)) / (1 + z^2/n), for 81 of 263."""
    low, high = statistics.wilson(81, 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table I


def test_wilson_of_no_images_is_everything() -> None:
    """Without images nothing is known."""
    assert statistics.wilson(0, 0) == (0.0, 1.0)


def test_one_seed_has_the_interval_of_its_images() -> None:
    """One seed says nothing about seeds."""
    correct = np.arange(200)[None] < 180
    assert statistics.mean_accuracy(correct) == statistics.wilson(180, 200)


def test_equal_scores_still_have_an_interval() -> None:
    """Three networks right on every image are not certain to be perfect."""
    low, high = statistics.mean_accuracy(np.ones((3, 50), bool))
    assert low < 0.95
    assert high == 1.0


def test_seeds_that_disagree_widen_the_interval() -> None:
    """The same mean over the same images, but with seeds far apart, is less certain."""
    alike = np.tile(np.arange(200) < 150, (3, 1))
    apart = np.stack([np.arange(200) < count for count in (100, 150, 200)])
    assert np.ptp(statistics.mean_accuracy(apart)) > 2 * np.ptp(statistics.mean_accuracy(alike))


def test_the_interval_covers_both_seeds_and_images() -> None:
    """Redrawing seeds and images, 95 % intervals of the mean hold the truth nearly always."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        skill = 1.5 + rng.normal(0, 0.3, (3, 1))
        logit = skill + rng.normal(0, 1.0, (1, 200))
        scores = rng.random((3, 200)) < 1 / (1 + np.exp(-logit))
        low, high = statistics.mean_accuracy(scores)
        held += low <= 0.7757 <= high  # the mean of that probability, by quadrature
    assert held / 300 > 0.92


def test_the_change_is_paired() -> None:
    """Two networks that differ on few images are told apart although their intervals overlap."""
    before = np.tile(np.arange(1000) < 900, (3, 1))
    after = np.tile(np.arange(1000) < 915, (3, 1))
    assert statistics.mean_difference(after, before).low > 0
    assert statistics.mean_accuracy(after).low < statistics.mean_accuracy(before).high


def test_no_change_is_within_noise() -> None:
    """Changes that cancel leave an interval around zero."""
    before = np.tile(np.arange(1000) < 900, (3, 1))
    low, high = statistics.mean_difference(before[:, ::-1], before)
    assert low < 0 < high


def test_mcnemar_equals_the_binomial_by_hand() -> None:
    """Five images one way, none the other: two tails of 1/32."""
    first = np.ones(10, bool)
    second = np.arange(10) >= 5
    assert statistics.mcnemar(first, second) == pytest.approx(2 / 32)
    assert statistics.mcnemar(first, first) == 1.0


def test_the_best_so_far_ignores_pruned_trials() -> None:
    """A pruned trial never finished, so it cannot lead; its epochs are spent all the same."""
    trials = DataFrame(
        {
            "val_accuracy": [0.5, 0.9, 0.7],
            "state": ["COMPLETE", "PRUNED", "COMPLETE"],
            "epochs_trained": [20, 3, 20],
        }
    )
    frame = statistics.best_so_far(trials)
    assert frame["best"].tolist() == [0.5, 0.5, 0.7]
    assert frame["spent"].tolist() == [20, 23, 43]


def test_the_bootstrap_holds_the_mean() -> None:
    """The percentile interval of a mean is near its normal interval."""
    frame = DataFrame({"value": np.random.default_rng(0).normal(1, 1, 400)})
    found = statistics.bootstrap(
        frame, lambda rows: {"mean": rows["value"].mean()}, resamples=400, seed=0
    )
    assert found.loc["mean", "low"] == pytest.approx(frame["value"].mean() - 0.098, abs=0.02)
    assert found.loc["mean", "high"] == pytest.approx(frame["value"].mean() + 0.098, abs=0.02)


@pytest.mark.parametrize("values", [[0.3], [0.5, 0.9, 0.7], [0.1, 0.1, 0.8, 0.9, 0.8, 0.2, 0.6]])
def test_the_expected_best_is_the_mean_over_all_subsets(values: list[float]) -> None:
    """For every budget, the closed form equals trying each subset, ties and all."""
    expected = [
        np.mean([max(subset) for subset in combinations(values, n)])
        for n in range(1, len(values) + 1)
    ]
    assert statistics.expected_best(values) == pytest.approx(expected)


def test_the_expected_best_of_many_is_stable() -> None:
    """Of thousands of trials no factorial overflows: it rises from the mean to the best."""
    values = np.random.default_rng(0).random(3000)
    best = statistics.expected_best(values)
    assert best[[0, -1]] == pytest.approx([values.mean(), values.max()])
    assert (np.diff(best) > -1e-12).all()


def test_the_expected_best_is_unbiased() -> None:
    """Over many samples of uniform numbers it averages to n / (n + 1), the truth."""
    rng = np.random.default_rng(2)
    found = np.mean([statistics.expected_best(rng.random(12)) for _ in range(4000)], axis=0)
    n = np.arange(1, 13)
    assert found == pytest.approx(n / (n + 1), abs=0.005)
