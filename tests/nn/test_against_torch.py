"""The trainer against PyTorch, where it is installed: in float64, to 1e-10."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from pipeline.nn.arrays import FloatArray
from pipeline.nn.dark import WORTH_IT
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.losses import find_loss
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Nesterov, RMSProp
from pipeline.nn.passes import Pass
from pipeline.nn.regularizers import Dropout, draw_mask, smooth
from pipeline.nn.schedules import constant, cosine, warm_up
from pipeline.nn.state import Recipe, State, start
from tests.nn.toys import PAIRS, MakeExamples, every_activation

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.slow

MODULES: dict[str, Callable[[], Any]] = {
    "identity": torch.nn.Identity,
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
    "leaky_relu": partial(torch.nn.LeakyReLU, negative_slope=0.01),
    "elu": torch.nn.ELU,
    "gelu": partial(torch.nn.GELU, approximate="tanh"),
}
every_pair = pytest.mark.parametrize(("output", "loss"), PAIRS)
with_biases_or_not = pytest.mark.parametrize("biased", [True, False], ids=["biases", "no biases"])
close = partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-12)


def torch_loss(loss: str, output: str, logits: Any, Y: Any) -> Any:
    """The loss as PyTorch has it, of logits and targets (n, outputs)."""
    functional = torch.nn.functional
    if output == "softmax":
        return functional.cross_entropy(logits, Y)
    if loss == "cross_entropy":
        total = functional.binary_cross_entropy_with_logits(logits, Y, reduction="sum")
        return total / len(Y)
    outputs = MODULES[output]()(logits)
    if loss == "mean_squared_error":
        return functional.mse_loss(outputs, Y)
    return 0.5 * functional.mse_loss(outputs, Y, reduction="sum") / len(Y)


def torch_network(mlp: MLP, theta: FloatArray) -> Any:
    """The same network as anyone would write it in PyTorch, where W stands transposed."""
    windows, parts = mlp.windows(theta), []
    for i, W in enumerate(windows.W):
        linear = torch.nn.Linear(*W.shape, bias=mlp.biases, dtype=torch.float64)
        linear.weight.data = torch.tensor(W.T)
        if mlp.biases:
            linear.bias.data = torch.tensor(windows.b[i])
        parts += [linear, MODULES[mlp.activation]()]
    return torch.nn.Sequential(*parts[:-1])


def torch_logits(network: Any, X: Any, masks: Iterable[FloatArray] = ()) -> Any:
    """What `network` makes of X (n, d), the outputs of hidden layers times their masks."""
    left = iter(masks)
    for part in network:
        X = part(X)
        if masks and not isinstance(part, torch.nn.Linear):
            X = X * torch.tensor(next(left))
    return X


def weights(network: Any) -> list[Any]:
    """The parameters that are weights: those of two dimensions."""
    return [parameter for parameter in network.parameters() if parameter.ndim == 2]


def biases(network: Any) -> list[Any]:
    """The parameters that are biases."""
    return [parameter for parameter in network.parameters() if parameter.ndim == 1]


def flat(matrices: Sequence[Any], vectors: Sequence[Any]) -> FloatArray:
    """As theta: weights (d_out, d_in) transposed and in a row, first layer first, then biases."""
    rows = [W.detach().numpy().T.ravel() for W in matrices] + [b.detach().numpy() for b in vectors]
    return np.concatenate(rows)


def torch_outputs(output: str, logits: Any) -> FloatArray:
    """What PyTorch makes of logits."""
    softmax = partial(torch.nn.functional.softmax, dim=1)
    function = softmax if output == "softmax" else MODULES[output]()
    outputs: FloatArray = function(logits).detach().numpy()
    return outputs


@every_pair
def test_loss_and_its_gradient_are_those_of_autograd(loss: str, output: str) -> None:
    """Values and slopes agree, for targets within [0, 1] that sum to 1."""
    rng = np.random.default_rng(0)
    ours, Y = 3 * rng.standard_normal((9, 4)), rng.dirichlet(np.ones(4), size=9)
    theirs = torch.tensor(ours, requires_grad=True)
    expected = torch_loss(loss, output, theirs, torch.tensor(Y))
    expected.backward()
    close(find_loss(loss, output).outputs(ours.copy()), torch_outputs(output, theirs))
    close(find_loss(loss, output).gradient(ours, Y), expected.item())
    close(ours, theirs.grad)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_label_smoothing_is_that_of_pytorch(share: float) -> None:
    """Smoothed targets cost what CrossEntropyLoss asks for labels, and slope alike."""
    rng = np.random.default_rng(0)
    ours, labels = 3 * rng.standard_normal((9, 4)), rng.integers(4, size=9)
    theirs = torch.tensor(ours, requires_grad=True)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=share)
    expected = criterion(theirs, torch.tensor(labels))
    expected.backward()
    smoothed = smooth(np.eye(4)[labels], share)
    close(find_loss("cross_entropy", "softmax").gradient(ours, smoothed), expected.item())
    close(ours, theirs.grad)


def assert_same_gradient(mlp: MLP, *, dropout: float = 0.0) -> None:
    """Loss and gradient of every array agree, all hidden units at work or some masked."""
    rng = np.random.default_rng(1)
    theta, X = 0.7 * rng.standard_normal(mlp.size), rng.standard_normal((7, mlp.widths[0]))
    Y = rng.dirichlet(np.ones(mlp.widths[-1]), size=7)
    layers = mlp.layers(7, np.float64, dropout=dropout > 0)
    for mask in layers.mask:
        draw_mask(mask, dropout, rng)
    loss, grad = mlp.gradient(theta, X, Y, layers)
    network = torch_network(mlp, theta)
    logits = torch_logits(network, torch.tensor(X), layers.mask)
    expected = torch_loss(mlp.loss, mlp.output, logits, torch.tensor(Y))
    expected.backward()
    close(loss, expected.item())
    close(grad, flat([W.grad for W in weights(network)], [b.grad for b in biases(network)]))


@with_biases_or_not
@every_pair
@every_activation
def test_gradient_of_every_array_is_that_of_autograd(
    activation: str, output: str, loss: str, biased: bool
) -> None:
    """Two hidden layers of any activation, under any loss: all of back-propagation agrees."""
    assert_same_gradient(MLP((5, 6, 4, 3), activation, output, loss, biased))


@with_biases_or_not
@every_activation
@pytest.mark.parametrize("chance", [0.3, 0.9])
def test_gradient_through_dropout_is_that_of_autograd(
    activation: str, biased: bool, chance: float
) -> None:
    """Masked units feed nothing forward and no error back; those that stay are scaled up."""
    assert_same_gradient(MLP((5, 6, 4, 3), activation, biases=biased), dropout=chance)


def torch_epoch(
    mlp: MLP, network: Any, optimizer: Any, *, state: State, train: Examples, how: Recipe
) -> float:
    """Train `network` for one epoch, in the order that `state` would; the mean loss."""
    n, total = len(train.X), 0.0
    order = state.shuffle.permutation(n)
    for first in range(0, n, how.batch_size):
        X, Y = (array[order[first : first + how.batch_size]] for array in (train.X, train.Y))
        masks = draw_masks(mlp, len(X), how.dropout, state.dropout)
        logits = torch_logits(network, torch.tensor(X * masks[0] if masks else X), masks[1:])
        loss = torch_loss(mlp.loss, mlp.output, logits, torch.tensor(Y))
        penalty = how.l2 / 2 * sum((W**2).sum() for W in weights(network))
        optimizer.zero_grad()
        (loss + penalty).backward()
        limit_gradient(list(network.parameters()), how)
        for group in optimizer.param_groups:
            group["lr"] = how.schedule(state.epoch + first / n)
        optimizer.step()
        total += loss.item() * len(X)
    state.epoch += 1
    return total / n


def draw_masks(
    mlp: MLP, rows: int, dropout: Dropout | None, rng: np.random.Generator
) -> list[FloatArray]:
    """The masks of a step, that of the inputs first, in the order in which training draws them."""
    if not dropout:
        return []
    masks: list[FloatArray] = [np.empty((rows, d)) for d in mlp.widths[:-1]]
    for i, mask in enumerate(masks):
        draw_mask(mask, dropout.hidden if i else dropout.input, rng)
    return masks


def limit_gradient(parameters: list[Any], how: Recipe) -> None:
    """Clip elements as PyTorch does; the length too, but without the 1e-6 that it adds to it."""
    if how.clip is not None:
        torch.nn.utils.clip_grad_value_(parameters, how.clip)
    if how.clip_norm is not None:
        length = torch.nn.utils.get_total_norm([parameter.grad for parameter in parameters])
        for parameter in parameters:
            parameter.grad *= min(1.0, how.clip_norm / length)


def assert_same_training(mlp: MLP, train: Examples, how: Recipe, make: Callable[..., Any]) -> None:
    """Parameters and the loss of each epoch agree when PyTorch trains from the same start."""
    state = start(mlp, how.optimizer, seed=1, dtype=np.float64)
    theirs, network = copy.deepcopy(state), torch_network(mlp, state.theta)
    groups = [{"params": weights(network), "weight_decay": how.weight_decay}]
    groups += [{"params": biases(network), "weight_decay": 0.0}] if mlp.biases else []
    optimizer = make(groups, lr=how.schedule(0))
    smoothed = train._replace(Y=smooth(train.Y, how.label_smoothing))
    for epoch in fit(mlp, state, train, None, how):
        expected = torch_epoch(mlp, network, optimizer, state=theirs, train=smoothed, how=how)
        assert epoch.train_loss == pytest.approx(expected, rel=1e-10)
    assert state.epoch == theirs.epoch == how.epochs
    np.testing.assert_allclose(
        state.theta, flat(weights(network), biases(network)), rtol=1e-10, atol=1e-10
    )


HOW = Recipe(SGD(), constant(0.1), batch_size=8, epochs=3)
ADAM = replace(HOW, optimizer=Adam(), schedule=constant(0.01))
FALLING = warm_up(cosine(0.05, 3), 1)
TRAININGS: dict[str, tuple[Recipe, Callable[..., Any]]] = {
    "sgd": (HOW, torch.optim.SGD),
    "sgd at a moving rate": (replace(HOW, schedule=FALLING), torch.optim.SGD),
    "momentum": (replace(HOW, optimizer=Momentum(0.9)), partial(torch.optim.SGD, momentum=0.9)),
    "nesterov": (
        replace(HOW, optimizer=Nesterov(0.9)),
        partial(torch.optim.SGD, momentum=0.9, nesterov=True),
    ),
    "rmsprop": (replace(ADAM, optimizer=RMSProp()), torch.optim.RMSprop),
    "adam": (ADAM, torch.optim.Adam),
    "adam of short periods": (
        replace(ADAM, optimizer=Adam(beta2=0.9)),
        partial(torch.optim.Adam, betas=(0.9, 0.9)),
    ),
    "adam at a moving rate": (replace(ADAM, schedule=FALLING), torch.optim.Adam),
    "adamw": (replace(ADAM, weight_decay=0.1, schedule=FALLING), torch.optim.AdamW),
    "penalty": (replace(HOW, l2=0.1), torch.optim.SGD),
    "label smoothing": (replace(ADAM, label_smoothing=0.2), torch.optim.Adam),
    "clip": (replace(HOW, clip=0.01), torch.optim.SGD),
    "clip_norm": (replace(HOW, clip_norm=0.1), torch.optim.SGD),
    "dropout": (replace(ADAM, dropout=Dropout(0.2, 0.3)), torch.optim.Adam),
    "all examples at once": (replace(HOW, batch_size=30), torch.optim.SGD),
    "all of it": (
        replace(
            ADAM,
            schedule=FALLING,
            l2=0.1,
            weight_decay=0.1,
            dropout=Dropout(0.2, 0.3),
            label_smoothing=0.1,
            clip=0.05,
            clip_norm=0.1,
        ),
        torch.optim.AdamW,
    ),
}
NETWORKS = [
    MLP((4, 5, 3)),
    MLP((4, 6, 5, 3), "tanh", "sigmoid", "squared_error", biases=False),
    MLP((4, 6, 5, 3), "gelu", "sigmoid"),
]


@pytest.mark.parametrize("name", TRAININGS)
@pytest.mark.parametrize("mlp", NETWORKS, ids=lambda mlp: mlp.activation)
def test_training_is_that_of_pytorch(make_examples: MakeExamples, mlp: MLP, name: str) -> None:
    """Three epochs of four batches, the last one smaller, end at the same parameters."""
    assert_same_training(mlp, make_examples(30), *TRAININGS[name])


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam", "clip_norm"])
def test_training_with_dark_inputs_is_that_of_pytorch(
    make_examples: MakeExamples, name: str
) -> None:
    """Inputs that are 0 throughout are left out of the arithmetic, and change nothing else."""
    X, Y, labels = make_examples(30, inputs=6)
    mlp, some_dark = MLP((6, WORTH_IT, 3)), Examples(X * [1, 1, 0, 1, 0, 1], Y, labels)
    assert Pass(mlp, start(mlp, SGD(), 1, np.float64), some_dark, HOW)._lit
    assert_same_training(mlp, some_dark, *TRAININGS[name])
