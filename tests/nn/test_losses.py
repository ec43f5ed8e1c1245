"""What holds for every loss, and what sets each apart."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.arrays import FloatArray
from pipeline.nn.losses import LOSSES, find_loss, softmax
from tests.nn.toys import PAIRS

every_pair = pytest.mark.parametrize(("output", "name"), PAIRS)
tables = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-50, 50)
)


def made_up(n: int = 6, classes: int = 4) -> tuple[FloatArray, FloatArray]:
    """Logits and one-hot targets (n, classes)."""
    rng = np.random.default_rng(0)
    return 2 * rng.standard_normal((n, classes)), np.eye(classes)[rng.integers(classes, size=n)]


def value(name: str, output: str, logits: FloatArray, Y: FloatArray) -> float:
    """The loss alone; logits stay as they are."""
    return find_loss(name, output).gradient(logits.copy(), Y)


@every_pair
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e3, 1e4])
def test_extreme_logits_have_a_finite_loss_and_gradient(
    name: str, output: str, dtype: type, size: float
) -> None:
    """Logits of ±1000 and ±10,000 neither overflow nor become NaN, whatever the target."""
    logits = np.array([[size, -size], [-size, -size], [size, size]], dtype)
    for Y in np.eye(2, dtype=dtype):
        found = logits.copy()
        assert math.isfinite(find_loss(name, output).gradient(found, np.tile(Y, (3, 1))))
        assert np.isfinite(found).all()
        assert found.dtype == dtype
        assert np.isfinite(find_loss(name, output).outputs(logits.copy())).all()


def test_softmax_cross_entropy_of_extreme_logits_is_right() -> None:
    """Logits of ±1000 cost 0 where they are right, their difference of 2000 where wrong."""
    logits = np.array([[1000.0, -1000.0], [1000.0, -1000.0]])
    assert find_loss("cross_entropy", "softmax").gradient(logits, np.eye(2)) == 1000.0
    np.testing.assert_array_equal(logits, [[0, 0], [0.5, -0.5]])  # (softmax - Y) / n


def test_sigmoid_cross_entropy_of_extreme_logits_is_right() -> None:
    """A logit of ±1000 costs 0 where it is right, 1000 where it is wrong."""
    logits = np.array([[1000.0, -1000.0], [1000.0, -1000.0]])
    assert find_loss("cross_entropy", "sigmoid").gradient(logits, np.eye(2)) == 1000.0
    np.testing.assert_array_equal(logits, [[0, 0], [0.5, -0.5]])  # (sigmoid - Y) / n


@every_pair
def test_gradient_is_the_slope_of_the_loss(name: str, output: str) -> None:
    """Central differences along each logit agree with what the logits become."""
    logits, Y = made_up()
    slopes, h = np.empty_like(logits), 1e-5
    for at in np.ndindex(logits.shape):
        above, below = logits.copy(), logits.copy()
        above[at] += h
        below[at] -= h
        slopes[at] = (value(name, output, above, Y) - value(name, output, below, Y)) / (2 * h)
    find_loss(name, output).gradient(logits, Y)
    np.testing.assert_allclose(logits, slopes, rtol=1e-6, atol=1e-9)


@every_pair
@pytest.mark.parametrize("scale", [-0.01, 0.0, 3.0])
def test_scale_multiplies_the_gradient_and_not_the_loss(
    name: str, output: str, scale: float
) -> None:
    """The loss keeps every bit; the gradient is `scale` times as large."""
    logits, Y = made_up()
    plain, scaled = logits.copy(), logits.copy()
    loss = find_loss(name, output)
    assert loss.gradient(plain, Y) == loss.gradient(scaled, Y, scale)
    np.testing.assert_allclose(scaled, scale * plain, rtol=1e-14)


@every_pair
def test_loss_is_a_mean_over_the_examples(name: str, output: str) -> None:
    """The loss of a batch is the mean of what its rows cost one by one."""
    logits, Y = made_up()
    rows = [value(name, output, logits[i : i + 1], Y[i : i + 1]) for i in range(len(Y))]
    assert value(name, output, logits, Y) == pytest.approx(np.mean(rows), rel=1e-12)


@every_pair
def test_outputs_take_the_place_of_the_logits(name: str, output: str) -> None:
    """No copy is made: the array that comes back is the one that was given."""
    logits, _ = made_up()
    assert find_loss(name, output).outputs(logits) is logits


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_cross_entropy_of_undecided_outputs_is_a_logarithm(classes: int) -> None:
    """Equal logits cost log(classes) by softmax, log(2) for each class by sigmoid."""
    logits, Y = np.zeros((5, classes)), np.eye(classes)[np.zeros(5, int)]
    assert value("cross_entropy", "softmax", logits, Y) == pytest.approx(math.log(classes))
    assert value("cross_entropy", "sigmoid", logits, Y) == pytest.approx(classes * math.log(2))


def test_sigmoid_cross_entropy_sums_over_classes() -> None:
    """It is what each class costs on its own, added up; each -log of the probability it gave."""
    logits, Y = made_up()
    p = 1 / (1 + np.exp(-logits))
    expected = -(Y * np.log(p) + (1 - Y) * np.log(1 - p)).sum() / len(Y)
    assert value("cross_entropy", "sigmoid", logits, Y) == pytest.approx(expected, rel=1e-12)
    columns = range(Y.shape[1])
    alone = [value("cross_entropy", "sigmoid", logits[:, [k]], Y[:, [k]]) for k in columns]
    assert sum(alone) == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=8))
def test_softmax_of_two_classes_is_the_sigmoid_of_their_difference(logits: list[float]) -> None:
    """One sigmoid of z says and costs what a softmax of (z, 0) does."""
    z = np.array(logits)[:, np.newaxis]
    two, y = np.hstack([z, np.zeros_like(z)]), np.arange(len(z))[:, np.newaxis] % 2.0
    shares = find_loss("cross_entropy", "softmax").outputs(two.copy())
    np.testing.assert_allclose(
        shares[:, :1], find_loss("cross_entropy", "sigmoid").outputs(z.copy()), atol=1e-15
    )
    assert value("cross_entropy", "softmax", two, np.hstack([y, 1 - y])) == pytest.approx(
        value("cross_entropy", "sigmoid", z, y), rel=1e-12, abs=1e-12
    )


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_mean_squared_error_is_twice_the_squared_error_over_the_outputs(output: str) -> None:
    """Half the squared distance of four outputs is twice their mean squared error."""
    logits, Y = made_up(classes=4)
    half, mean = logits.copy(), logits.copy()
    half_loss = find_loss("squared_error", output).gradient(half, Y)
    mean_loss = find_loss("mean_squared_error", output).gradient(mean, Y)
    assert half_loss == pytest.approx(2 * mean_loss, rel=1e-12)
    np.testing.assert_allclose(half, 2 * mean, rtol=1e-12)


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_outputs_that_are_on_target_cost_nothing(output: str) -> None:
    """A squared error is 0, and has no slope, where the outputs are the targets."""
    loss, (logits, _) = find_loss("squared_error", output), made_up()
    Y = loss.outputs(logits.copy())
    assert loss.gradient(logits, Y) == 0
    assert not logits.any()


@pytest.mark.parametrize(
    ("name", "output", "message"),
    [
        (
            "hinge",
            "softmax",
            "loss must be one of cross_entropy, squared_error, mean_squared_error, "
            "but got 'hinge'",
        ),
        (
            "cross_entropy",
            "tanh",
            "cross_entropy needs output softmax or sigmoid, but got 'tanh'",
        ),
        (
            "squared_error",
            "softmax",
            "squared_error needs an output out of identity, sigmoid, tanh, relu, leaky_relu, elu, "
            "gelu, but got 'softmax'",
        ),
        (
            "mean_squared_error",
            "swish",
            "mean_squared_error needs an output out of identity, sigmoid, tanh, relu, leaky_relu, "
            "elu, gelu, but got 'swish'",
        ),
    ],
)
def test_loss_that_is_not_known_is_refused(name: str, output: str, message: str) -> None:
    """Of an unknown name, or an output that a loss cannot take, the message gives the rule."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        find_loss(name, output)


def test_pairs_tested_here_are_all_there_are() -> None:
    """Every other pair of an output and a loss is refused."""
    outputs = ("softmax", *ACTIVATIONS)
    others = {(output, name) for output in outputs for name in LOSSES} - set(PAIRS)
    assert len(others) == len(outputs) * len(LOSSES) - len(PAIRS)
    for output, name in others:
        with pytest.raises(ValueError, match=f"{name} needs"):
            find_loss(name, output)


@given(tables, st.floats(0.1, 10))
def test_temperature_divides_the_scores(logits: FloatArray, temperature: float) -> None:
    """Shares at temperature T are those of the scores divided by T, and sum to 1."""
    found = softmax(logits.copy(), temperature)
    np.testing.assert_allclose(found, softmax(logits / temperature), rtol=1e-11)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-14)


@given(tables)
def test_hot_softmax_is_uniform(logits: FloatArray) -> None:
    """At a temperature far above the scores, every class has the same share."""
    shares = softmax(logits.copy(), 1e12)
    np.testing.assert_allclose(shares, 1 / logits.shape[1], rtol=1e-9)


@given(st.permutations(range(5)), st.floats(1e-3, 1e3))
def test_cold_softmax_picks_the_largest(order: list[int], gap: float) -> None:
    """At a temperature far below the scores' distances, the largest has all there is."""
    logits = gap * np.array([order], np.float64)
    expected = np.array([order]) == max(order)
    np.testing.assert_array_equal(softmax(logits, gap / 1000), expected)
