"""Surfaces of two parameters: their slopes, their lowest points, and walks over them."""

import math

import numpy as np
import pytest

from pipeline.nn.optimizers import (
    SGD,
    Adam,
    AveragedMomentum,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)
from pipeline.primer.surfaces import Surface, bowl, saddle, trajectory, valley

SURFACES = [valley(), saddle(), bowl()]
surfaces = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
START, LR = (-1.2, 0.7), 0.01


@surfaces
def test_gradient_is_the_slope(surface: Surface) -> None:
    """At many points at once, the gradient agrees with central differences."""
    at, h = np.random.default_rng(0).uniform(-2, 2, (50, 2)), 1e-6
    numerical = np.stack(
        [
            (surface.value(at + h * axis) - surface.value(at - h * axis)) / (2 * h)
            for axis in np.eye(2)
        ],
        axis=-1,
    )
    np.testing.assert_allclose(surface.gradient(at), numerical, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("surface", "lowest"),
    [(valley(), [(1, 1)]), (saddle(), [(0, 1), (0, -1)]), (bowl(), [(0, 0)])],
    ids=["valley", "saddle", "bowl"],
)
def test_lowest_points_are_where_they_should_be(surface: Surface, lowest: list) -> None:
    """There the loss and the gradient are 0; nowhere around is the loss below 0."""
    points = np.array(lowest, float)
    np.testing.assert_allclose(surface.value(points), 0, atol=1e-15)
    np.testing.assert_allclose(surface.gradient(points), 0, atol=1e-15)
    assert surface.value(np.random.default_rng(1).uniform(-2, 2, (500, 2))).min() > 0


def test_saddle_is_flat_in_the_middle_and_falls_one_way() -> None:
    """At (0, 0) the gradient is 0; the loss rises along the first axis, falls along the second."""
    surface = saddle()
    assert surface.gradient(np.zeros(2)).tolist() == [0, 0]
    middle = surface.value(np.zeros(2))
    assert surface.value(np.array([0.1, 0.0])) > middle > surface.value(np.array([0.0, 0.1]))


def test_bowl_has_its_condition_number() -> None:
    """The slopes one step along each axis differ by the ratio."""
    assert bowl(30.0).gradient(np.ones(2)).tolist() == [1, 30]


def two_steps_by_hand(surface: Surface, name: str) -> np.ndarray:
    """The start and two steps of a textbook's optimizer, with fresh arrays throughout."""
    first = np.array(START)
    g1 = surface.gradient(first)
    if name == "sgd":
        second = first - LR * g1
        return np.array([first, second, second - LR * surface.gradient(second)])
    if name == "momentum":
        second = first - LR * g1
        velocity = -0.9 * LR * g1 - LR * surface.gradient(second)
        return np.array([first, second, second + velocity])
    if name == "averaged":
        second = first - LR * 0.1 * g1
        average = 0.09 * g1 + 0.1 * surface.gradient(second)
        return np.array([first, second, second - LR * average])
    second = first - LR * g1 / (np.abs(g1) + 1e-8)
    g2 = surface.gradient(second)
    m = (0.9 * 0.1 * g1 + 0.1 * g2) / (1 - 0.9**2)
    v = (0.999 * 0.001 * g1**2 + 0.001 * g2**2) / (1 - 0.999**2)
    return np.array([first, second, second - LR * m / (np.sqrt(v) + 1e-8)])


@surfaces
@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("sgd", SGD()),
        ("momentum", Momentum(0.9)),
        ("averaged", AveragedMomentum(0.9)),
        ("adam", Adam()),
    ],
)
def test_trajectory_takes_the_steps_by_hand(
    surface: Surface, name: str, optimizer: Optimizer
) -> None:
    """Two steps land where the textbook's formulas do."""
    path = trajectory(surface, optimizer, START, 2, LR)
    np.testing.assert_allclose(path, two_steps_by_hand(surface, name), rtol=1e-12)


@pytest.mark.parametrize(
    "optimizer", [SGD(), Momentum(), Nesterov(), AveragedMomentum(), RMSProp(), Adam()]
)
def test_trajectory_begins_at_the_start_and_comes_down(optimizer: Optimizer) -> None:
    """One point more than steps, the first where it was told, the last one lower."""
    path = trajectory(bowl(), optimizer, START, 300, 1e-3)
    assert path.shape == (301, 2)
    assert path[0].tolist() == list(START)
    assert bowl().value(path[-1]) < 0.6 * bowl().value(path[0])


def test_a_rate_too_high_leaves_the_bowl() -> None:
    """Plain descent converges below 2 / curvature and diverges above it, without a warning."""
    assert abs(trajectory(bowl(100.0), SGD(), (0.0, 1.0), 5000, 0.0199)[-1, 1]) < 1e-6
    assert not math.isfinite(trajectory(bowl(100.0), SGD(), (0.0, 1.0), 50_000, 0.0205)[-1, 1])
