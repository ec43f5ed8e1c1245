"""What a step is made of against PyTorch: its update, its clipping and its rate; to 1e-10."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import pytest

from pipeline.nn.arrays import FloatArray
from pipeline.nn.optimizers import (
    SGD,
    Adam,
    AveragedMomentum,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)
from pipeline.nn.regularizers import clip, clip_norm
from pipeline.nn.schedules import (
    Schedule,
    constant,
    cosine,
    drops,
    exponential,
    inverse_time,
    steps,
    warm_restarts,
    warm_up,
)
from tests.nn.textbook import LR, SIZE, STEPS, gradients, path

torch = pytest.importorskip("torch")
schedulers = torch.optim.lr_scheduler

close = partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-10)
STEADY = [LR] * STEPS
MOVING = [LR * (1 + np.sin(step) / 2) for step in range(STEPS)]
DROPPING = [LR] * (STEPS // 2) + [LR / 10] * (STEPS - STEPS // 2)


def torch_path(
    name: str, rates: Iterable[float] = STEADY, *, carry: bool = False, **settings: Any
) -> FloatArray:
    """As `path`, by an optimizer of PyTorch.

    Its velocity is a sum of gradients, and a step is the present rate times all of it. With
    `carry`, gradients keep the rates they came with: at each new rate the sum is multiplied by
    the old one and divided by the new.
    """
    theta = torch.nn.Parameter(torch.ones(SIZE, dtype=torch.float64))
    optimizer = getattr(torch.optim, name)([theta], lr=LR, **settings)
    if "dampening" in settings:  # without a velocity to begin with, the first g is not dampened
        optimizer.state[theta]["momentum_buffer"] = torch.zeros_like(theta)
    points, group = [], optimizer.param_groups[0]
    for g, rate in zip(gradients(), rates, strict=True):
        if carry and optimizer.state:
            optimizer.state[theta]["momentum_buffer"] *= group["lr"] / rate
        group["lr"], theta.grad = rate, torch.from_numpy(g)
        optimizer.step()
        points.append(theta.detach().numpy().copy())
    return np.array(points)


PLAIN: dict[str, tuple[Optimizer, str, dict[str, Any]]] = {
    "sgd": (SGD(), "SGD", {}),
    "averaged momentum": (AveragedMomentum(0.8), "SGD", {"momentum": 0.8, "dampening": 0.8}),
    "rmsprop": (RMSProp(), "RMSprop", {}),
    "rmsprop of the lecture": (RMSProp(0.9, eps=1e-2), "RMSprop", {"alpha": 0.9, "eps": 1e-2}),
    "adam": (Adam(), "Adam", {}),
    "adam of large eps": (
        Adam(0.8, 0.99, eps=1e-2),
        "Adam",
        {"betas": (0.8, 0.99), "eps": 1e-2},
    ),
    "adam of short periods": (Adam(0.8, 0.9), "Adam", {"betas": (0.8, 0.9)}),
    "adam without memory": (Adam(0.0, 0.5), "Adam", {"betas": (0.0, 0.5)}),
}
SUMMING: dict[str, tuple[Optimizer, str, dict[str, Any]]] = {
    "momentum": (Momentum(0.9), "SGD", {"momentum": 0.9}),
    "short momentum": (Momentum(0.5), "SGD", {"momentum": 0.5}),
    "nesterov": (Nesterov(0.9), "SGD", {"momentum": 0.9, "nesterov": True}),
}
EVERY = PLAIN | SUMMING


@pytest.mark.parametrize("name", EVERY)
def test_optimizer_takes_the_path_of_pytorch(name: str) -> None:
    """Thirty steps of the same gradients lead through the same points."""
    ours, theirs, settings = EVERY[name]
    close(path(ours), torch_path(theirs, **settings))


@pytest.mark.parametrize("rates", [MOVING, DROPPING], ids=["moving", "dropping"])
@pytest.mark.parametrize("name", PLAIN)
def test_optimizer_takes_the_path_of_pytorch_at_changing_rates(
    name: str, rates: list[float]
) -> None:
    """So they do where the rate is another at each step, or drops half-way."""
    ours, theirs, settings = PLAIN[name]
    close(path(ours, rates), torch_path(theirs, rates, **settings))


@pytest.mark.parametrize("rates", [MOVING, DROPPING], ids=["moving", "dropping"])
@pytest.mark.parametrize("name", SUMMING)
def test_velocity_keeps_the_rates_of_its_gradients_and_pytorchs_does_not(
    name: str, rates: list[float]
) -> None:
    """Where the rate changes the paths part; they meet again if PyTorch's velocity is rescaled."""
    ours, theirs, settings = SUMMING[name]
    found = path(ours, rates)
    close(found, torch_path(theirs, rates, carry=True, **settings))
    changed = rates.index(next(rate for rate in rates if rate != rates[0]))
    parted = torch_path(theirs, rates, **settings)
    close(found[:changed], parted[:changed])
    assert (np.abs(found - parted)[changed:] > 1e-6).any(axis=1).all()


@pytest.mark.parametrize("name", EVERY)
def test_penalty_is_what_pytorch_calls_weight_decay(name: str) -> None:
    """L2 adds to the gradient: SGD, RMSprop and Adam of PyTorch do that with weight_decay."""
    ours, theirs, settings = EVERY[name]
    close(path(ours, l2=0.1), torch_path(theirs, weight_decay=0.1, **settings))


@pytest.mark.parametrize("rates", [STEADY, MOVING], ids=["steady", "moving"])
def test_adam_with_decoupled_decay_is_adamw(rates: list[float]) -> None:
    """Weights that shrink by rate times decay before the update: AdamW, not Adam with L2."""
    found = path(Adam(), rates, weight_decay=0.1)
    close(found, torch_path("AdamW", rates, weight_decay=0.1))
    assert np.abs(found - torch_path("Adam", rates, weight_decay=0.1)).max() > 1e-4


@pytest.mark.parametrize("limit", [1e-3, 0.5, 1e9])
def test_clip_is_clip_grad_value(limit: float) -> None:
    """Each element is cut to the limit, all of them or none."""
    for g in gradients():
        theirs = torch.zeros(SIZE, dtype=torch.float64)
        theirs.grad = torch.tensor(g)
        torch.nn.utils.clip_grad_value_([theirs], limit)
        clip(g, limit)
        np.testing.assert_array_equal(g, theirs.grad)


@pytest.mark.parametrize("limit", [1e-3, 0.5, 1e9])
def test_clip_norm_is_clip_grad_norm(limit: float) -> None:
    """PyTorch adds 1e-6 to the length that it divides by; taken back, every element agrees."""
    for g in gradients():
        theirs, length = torch.zeros(SIZE, dtype=torch.float64), float(np.linalg.norm(g))
        theirs.grad = torch.tensor(g)
        assert torch.nn.utils.clip_grad_norm_([theirs], limit).item() == pytest.approx(length)
        clip_norm(g, limit)
        added = (length + 1e-6) / length if length > limit else 1.0
        close(g, theirs.grad * added, atol=0)


def torch_rates(make: Callable[[Any], Any], epochs: int, lr: float = LR) -> list[float]:
    """The rate that a scheduler of PyTorch sets for each of the first `epochs` epochs."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler, rates = make(optimizer), []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


SCHEDULES: dict[str, tuple[Schedule, Callable[[Any], Any]]] = {
    "constant": (constant(LR), partial(schedulers.ConstantLR, factor=1.0)),
    "drops": (
        drops(LR, (3, 7, 7), 0.5),
        partial(schedulers.MultiStepLR, milestones=[3, 7, 7], gamma=0.5),
    ),
    "steps": (steps(LR, 4, 0.5), partial(schedulers.StepLR, step_size=4, gamma=0.5)),
    "exponential": (exponential(LR, 0.8), partial(schedulers.ExponentialLR, gamma=0.8)),
    "inverse time": (
        inverse_time(LR, 0.3),
        partial(schedulers.LambdaLR, lr_lambda=lambda epoch: 1 / (1 + 0.3 * epoch)),
    ),
    "cosine": (cosine(LR, 20), partial(schedulers.CosineAnnealingLR, T_max=20)),
    "cosine to a floor": (
        cosine(LR, 20, 1e-3),
        partial(schedulers.CosineAnnealingLR, T_max=20, eta_min=1e-3),
    ),
    "restarts": (
        warm_restarts(LR, 3),
        partial(schedulers.CosineAnnealingWarmRestarts, T_0=3, T_mult=2),
    ),
    "restarts to a floor": (
        warm_restarts(LR, 5, 1, 1e-3),
        partial(schedulers.CosineAnnealingWarmRestarts, T_0=5, eta_min=1e-3),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_sets_the_rates_of_pytorch(name: str) -> None:
    """At whole epochs the rates agree; a cosine's until its end, where PyTorch's rises again."""
    ours, theirs = SCHEDULES[name]
    epochs = 21 if name.startswith("cosine") else 30
    close([ours(epoch) for epoch in range(epochs)], torch_rates(theirs, epochs), atol=1e-14)


@pytest.mark.parametrize("growth", [1, 2, 3])
def test_warm_restarts_are_those_of_pytorch_within_an_epoch_too(growth: int) -> None:
    """PyTorch's scheduler takes fractions of epochs, asked for before each step as here."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler = schedulers.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=growth)
    optimizer.step()
    for passed in np.arange(0, 30, 0.125):
        scheduler.step(passed)
        expected = optimizer.param_groups[0]["lr"]
        close(warm_restarts(LR, 2, growth)(passed), expected, atol=1e-14)


def test_warm_up_is_linear_lr_an_epoch_later() -> None:
    """PyTorch's factor may not be 0: a start at 1/5 of five epochs is ours after the first."""
    theirs = partial(schedulers.LinearLR, start_factor=1 / 5, total_iters=4)
    ours = warm_up(constant(LR), 5)
    close([ours(epoch + 1) for epoch in range(12)], torch_rates(theirs, 12), atol=1e-14)


def test_warm_up_of_a_falling_rate_is_a_product_as_in_pytorch() -> None:
    """Chained with an exponential fall, PyTorch's factors multiply as ours do."""

    def chained(optimizer: Any) -> Any:
        linear = schedulers.LinearLR(optimizer, start_factor=1 / 5, total_iters=4)
        return schedulers.ChainedScheduler(
            [linear, schedulers.ExponentialLR(optimizer, gamma=0.8)]
        )

    ours = warm_up(exponential(LR, 0.8), 5)
    theirs = torch_rates(chained, 12, lr=0.8 * LR)
    close([ours(epoch + 1) for epoch in range(12)], theirs, atol=1e-14)
