"""What holds for learning-rate schedules of any length, rate and factor."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.nn.schedules import (
    Schedule,
    constant,
    cosine,
    drops,
    drops_to,
    exponential,
    inverse_time,
    rising,
    steps,
    warm_restarts,
    warm_up,
)

SLACK = 1 + 1e-12  # for rounding

rates = st.floats(1e-6, 10)
factors = st.floats(0.01, 1)
lengths = st.integers(1, 40)
growths = st.sampled_from([1.0, 1.5, 2.0, 3.0])  # whose powers are exact
shares = st.floats(0, 1)
times = st.lists(st.floats(0, 60), min_size=2).map(sorted)

LR = 0.5  # of the schedules below, which tests multiply to any other rate
falling = st.one_of(
    st.builds(constant, st.just(LR)),
    st.builds(drops, st.just(LR), st.lists(lengths, max_size=5), factors),
    st.builds(steps, st.just(LR), lengths, factors),
    st.builds(exponential, st.just(LR), factors),
    st.builds(inverse_time, st.just(LR), st.floats(0, 10)),
    st.builds(cosine, st.just(LR), lengths, st.floats(0, LR)),
)
restarting = st.builds(warm_restarts, st.just(LR), lengths, growths, st.floats(0, LR))


@given(st.one_of(falling, restarting), times)
def test_rate_starts_at_its_height_and_stays_between_it_and_zero(
    schedule: Schedule, passed: Sequence[float]
) -> None:
    """No schedule ever asks for more than lr, or for less than nothing."""
    assert schedule(0) == pytest.approx(LR, rel=1e-12)
    assert all(0 <= schedule(at) <= LR * SLACK for at in passed)


@given(falling, times)
def test_rate_without_restarts_never_rises(schedule: Schedule, passed: Sequence[float]) -> None:
    """Later is never higher: constant, drops, steps, exponential, inverse time, cosine."""
    assert all(schedule(late) <= schedule(early) * SLACK for early, late in pairwise(passed))


@given(rates, st.floats(0, 1000))
def test_constant_rate_is_constant(lr: float, passed: float) -> None:
    """The rate is lr at any time."""
    assert constant(lr)(passed) == lr


@given(rates, st.lists(lengths, max_size=5), factors, st.floats(0, 60))
def test_rate_drops_once_for_each_epoch_that_has_passed(
    lr: float, epochs: list[int], factor: float, passed: float
) -> None:
    """Epochs named twice count twice; before the first the rate is lr to the bit."""
    expected = lr
    for epoch in epochs:
        if epoch <= passed:
            expected *= factor
    assert drops(lr, epochs, factor)(passed) == pytest.approx(expected, rel=1e-12)
    assert drops(lr, epochs, factor)(0) == lr


@given(rates, lengths, factors)
def test_rate_drops_with_the_first_step_after_the_epoch(
    lr: float, epoch: int, factor: float
) -> None:
    """Up to the end of the epoch the rate is lr; once the epoch has passed, lr * factor."""
    for schedule in (drops(lr, [epoch], factor), steps(lr, epoch, factor)):
        assert schedule(epoch - 1e-9) == lr
        assert schedule(epoch) == lr * factor


@given(rates, lengths, factors, st.floats(0, 60))
def test_steps_are_drops_at_even_distances(
    lr: float, every: int, factor: float, passed: float
) -> None:
    """A step every so many epochs is a drop at each multiple."""
    dropping = drops(lr, range(every, 61, every), factor)
    assert steps(lr, every, factor)(passed) == pytest.approx(dropping(passed), rel=1e-12)


@given(rates, factors, st.floats(0, 50), st.floats(0, 50))
def test_exponential_falls_by_equal_factors_in_equal_times(
    lr: float, factor: float, start: float, span: float
) -> None:
    """The same span of time divides the rate by the same factor, whenever it begins."""
    rate = exponential(lr, factor)
    assert rate(start + span) * lr == pytest.approx(rate(start) * rate(span), rel=1e-9)
    assert rate(1) == lr * factor


@given(rates, st.floats(0, 10), st.floats(0, 1000))
def test_inverse_of_an_inverse_time_rate_grows_along_a_line(
    lr: float, decay: float, passed: float
) -> None:
    """1 / rate gains decay / lr an epoch; where decay times the epochs is 1, the rate is half."""
    inverse = 1 / inverse_time(lr, decay)(passed)
    assert inverse * lr == pytest.approx(1 + decay * passed, rel=1e-12)
    assert inverse_time(lr, 0.25)(4) == lr / 2


@given(rates, lengths, shares, shares)
def test_cosine_is_symmetric_about_its_middle_and_ends_at_its_floor(
    lr: float, epochs: int, share: float, part: float
) -> None:
    """What it lost at one end it still has at the other; after its epochs it stays down."""
    floor, at = lr * part, share * epochs
    rate = cosine(lr, epochs, floor)
    assert rate(at) + rate(epochs - at) == pytest.approx(lr + floor, rel=1e-9)
    assert rate(epochs) == rate(2.5 * epochs) == pytest.approx(floor, rel=1e-12, abs=1e-16)
    assert floor / SLACK <= rate(at)


@given(lengths, growths, st.integers(0, 4), shares, shares)
def test_warm_restarts_are_cosines_end_to_end(
    period: int, growth: float, before: int, share: float, part: float
) -> None:
    """At each boundary the rate is lr again, and from there a cosine `growth` times as long."""
    floor, length = LR * part, period * growth**before
    start = sum(period * growth**i for i in range(before))
    rate, alone = warm_restarts(LR, period, growth, floor), cosine(LR, length, floor)
    assert rate(start) == pytest.approx(LR, rel=1e-12)
    for passed in (share * length * (1 - 1e-6), length * (1 - 1e-6)):
        assert rate(start + passed) == pytest.approx(alone(passed), rel=1e-9, abs=1e-9)
    assert rate(start + length * (1 - 1e-6)) == pytest.approx(floor, rel=1e-9, abs=1e-9)


@given(rates, lengths, st.integers(0, 5), shares)
def test_restarts_without_growth_repeat_themselves(
    lr: float, period: int, times_before: int, share: float
) -> None:
    """At growth 1 every period is the first."""
    rate, passed = warm_restarts(lr, period, growth=1), share * period * (1 - 1e-6)
    again = rate(times_before * period + passed)
    assert again == pytest.approx(rate(passed), rel=1e-9, abs=1e-9 * lr)


@given(st.one_of(falling, restarting), lengths, st.floats(0, 60))
def test_warm_up_multiplies_what_comes_after(after: Schedule, epochs: int, passed: float) -> None:
    """The share of the warm-up that has passed, times the rate that would be; later that alone."""
    warmed = warm_up(after, epochs)
    if passed >= epochs:
        assert warmed(passed) == after(passed)
    else:
        assert warmed(passed) == pytest.approx(after(passed) * passed / epochs, rel=1e-12)
    assert warmed(0) == 0


@given(rates, lengths, times)
def test_warm_up_of_a_constant_rises_to_it_along_a_line(
    lr: float, epochs: int, passed: Sequence[float]
) -> None:
    """It never falls, never passes lr, and half-way through the warm-up it is at half."""
    rate = warm_up(constant(lr), epochs)
    found = [rate(at) for at in passed]
    assert found == sorted(found)
    assert max(found) <= lr
    assert rate(epochs / 2) == pytest.approx(lr / 2, rel=1e-12)
    assert rate(epochs) == lr


@given(st.floats(1e-8, 1e-2), st.floats(1e-2, 10), lengths, st.integers(2, 50))
def test_rising_rate_is_geometric(low: float, high: float, epochs: int, points: int) -> None:
    """From low to high, equal times multiply the rate by equal factors."""
    rate = rising(low, high, epochs)
    found = [rate(epochs * i / points) for i in range(points + 1)]
    assert found[0] == low
    assert found[-1] == pytest.approx(high, rel=1e-12)
    factor = (high / low) ** (1 / points)
    for before, after in pairwise(found):
        assert after / before == pytest.approx(factor, rel=1e-9)


@given(rates, st.lists(lengths, min_size=1, max_size=4, unique=True), st.floats(0, 60))
def test_drops_to_given_rates_are_those_rates(lr: float, epochs: list[int], passed: float) -> None:
    """The rate is that of the last drop that has passed; by equal factors they are plain drops."""
    rising_epochs, given_rates = sorted(epochs), [lr / 7**k for k in range(1, len(epochs) + 1)]
    rate = drops_to(lr, rising_epochs, given_rates)(passed)
    assert rate in (lr, *given_rates)
    assert rate == pytest.approx(drops(lr, rising_epochs, 1 / 7)(passed), rel=1e-12)
    dropping = drops_to(lr, rising_epochs, given_rates)
    assert [dropping(epoch) for epoch in rising_epochs] == given_rates
    assert dropping(rising_epochs[0] - 1e-6) == lr


@pytest.mark.parametrize(
    ("epochs", "given_rates", "message"),
    [
        ((10, 20), (0.1,), "1 rates for 2 drops"),
        ((20, 10), (0.1, 0.2), r"must rise, but got \[20, 10\]"),
        ((10, 10), (0.1, 0.2), "must rise"),
    ],
)
def test_drops_to_rates_that_do_not_fit_are_refused(
    epochs: tuple[int, ...], given_rates: tuple[float, ...], message: str
) -> None:
    """A rate for each drop, and drops in order."""
    with pytest.raises(ValueError, match=message):
        drops_to(1.0, epochs, given_rates)
