"""The same network in PyTorch, trained from the same start as here.

Torch is no dependency: it is imported inside the functions that need it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.examples import Examples
from pipeline.nn.mlp import MLP
from pipeline.nn.state import Recipe, State
from pipeline.settings import Trainer

KNOWN: Mapping[str, tuple[object, ...]] = {  # the settings of which torch has not every value here
    "activation": ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"),
    "output": ("softmax", "sigmoid"),
    "optimizer": ("sgd", "momentum", "nesterov", "adam", "adamw"),
    "patience": (None,),
}


def installed() -> str | None:
    """The version of torch that is installed, or None."""
    return version("torch") if find_spec("torch") else None


def warm_up() -> None:
    """Import torch and have it start what it starts once: its seconds are no training's."""
    import torch

    one = torch.ones(1, requires_grad=True)
    torch.autograd.grad(one.sum(), one)


def lacking(settings: Trainer) -> Iterator[str]:
    """What torch's network cannot do of `settings`, as `key must be … but is …`."""
    for key, known in KNOWN.items():
        value = getattr(settings, key)
        if value not in known:
            rule = " or ".join(map(json.dumps, known))
            yield f"{key} must be {rule} for PyTorch's network, but is {json.dumps(value)}"
    if settings.weight_decay and settings.optimizer != "adamw":
        yield (
            "weight_decay needs optimizer adamw for PyTorch's network, but has "
            f"{json.dumps(settings.optimizer)}"
        )
    if settings.label_smoothing and settings.output != "softmax":
        yield "label_smoothing needs output softmax for PyTorch's network, but has another"
    if settings.l2 and settings.optimizer == "adamw":
        yield "l2 needs another optimizer than adamw for PyTorch's network"
    if settings.l2 and (settings.clip or settings.clip_norm):
        yield "l2 and clipping do not go together in PyTorch's network, which clips first"


def train(
    mlp: MLP, state: State, examples: Examples, how: Recipe, settings: Trainer
) -> FloatArray:
    """Train by torch on one thread, as `how` says, from a fresh state; return theta (size,).

    The order of images comes from the state's own generator, as in training here; what is
    dropped out comes from torch's. W stands transposed in torch.
    """
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(int(state.dropout.integers(2**31)))
    network, loss = _network(mlp, state.theta, settings), _loss(mlp, how.label_smoothing)
    X, Y = (torch.from_numpy(np.array(array)) for array in (examples.X, examples.Y))
    n, optimizer = len(X), _optimizer(network, how, settings)
    for epoch in range(how.epochs):
        order = torch.from_numpy(state.shuffle.permutation(n))
        shuffled, targets = X[order], Y[order]
        for first in range(0, n, how.batch_size):
            batch = slice(first, first + how.batch_size)
            for group in optimizer.param_groups:
                group["lr"] = how.schedule(epoch + first / n)
            optimizer.zero_grad()
            loss(network(shuffled[batch]), targets[batch]).backward()
            _clip(network, how)
            optimizer.step()
    return _theta(network, mlp.biases)


def predicted(mlp: MLP, theta: FloatArray, X: FloatArray, settings: Trainer) -> LabelArray:
    """The classes (n,) that torch gives the images X (n, d)."""
    import torch

    with torch.no_grad():
        logits = _network(mlp, theta, settings).eval()(torch.from_numpy(np.array(X)))
    labels: LabelArray = logits.numpy().argmax(axis=1)
    return labels


def _network(mlp: MLP, theta: FloatArray, settings: Trainer) -> Any:
    """The network up to its logits, as one would write it in PyTorch."""
    import torch
    from torch import nn

    activations: Mapping[str, Callable[[], Any]] = {
        "identity": nn.Identity,
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "elu": nn.ELU,
        "gelu": lambda: nn.GELU("tanh"),
    }
    activation = activations[mlp.activation]
    parts: list[Any] = []
    windows = mlp.windows(theta)
    for i, W in enumerate(windows.W):
        left_out = settings.dropout if i else settings.input_dropout
        linear = nn.Linear(W.shape[0], W.shape[1], bias=mlp.biases)
        linear.weight = nn.Parameter(torch.from_numpy(W.T.copy()))
        if mlp.biases:
            linear.bias = nn.Parameter(torch.from_numpy(windows.b[i].copy()))
        parts += [nn.Dropout(left_out)] * bool(left_out) + [linear, activation()]
    return nn.Sequential(*parts[:-1])


def _theta(network: Any, biases: bool) -> FloatArray:
    """The parameters as they lie here: all weights, then all biases."""
    found = [p.detach().numpy() for p in network.parameters()]
    weights = [p.T.ravel() for p in (found[::2] if biases else found)]
    return np.concatenate([*weights, *(found[1::2] if biases else [])])


def _loss(mlp: MLP, smoothing: float) -> Callable[[Any, Any], Any]:
    """The loss of logits and targets, both (n, outputs)."""
    from torch import nn

    if mlp.output == "softmax":
        return nn.CrossEntropyLoss(label_smoothing=smoothing)
    if mlp.loss == "cross_entropy":
        summed = nn.BCEWithLogitsLoss(reduction="sum")
        return lambda logits, Y: summed(logits, Y) / len(Y)
    if mlp.loss == "squared_error":
        squares = nn.MSELoss(reduction="sum")
        return lambda logits, Y: squares(logits.sigmoid(), Y) / (2 * len(Y))
    mean = nn.MSELoss()
    return lambda logits, Y: mean(logits.sigmoid(), Y)


def _optimizer(network: Any, how: Recipe, settings: Trainer) -> Any:
    """The optimizer of that name, fused; penalties are for weights alone, as here."""
    from torch import optim

    weights = [p for p in network.parameters() if p.ndim == 2]
    biases = [p for p in network.parameters() if p.ndim == 1]
    decay = how.weight_decay if settings.optimizer == "adamw" else how.l2
    groups = [{"params": weights, "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if settings.optimizer in ("adam", "adamw"):
        kind = optim.AdamW if settings.optimizer == "adamw" else optim.Adam
        return kind(groups, lr=1.0, fused=True)
    momentum = 0.0 if settings.optimizer == "sgd" else settings.momentum
    nesterov = settings.optimizer == "nesterov"
    return optim.SGD(groups, lr=1.0, momentum=momentum, nesterov=nesterov, fused=True)


def _clip(network: Any, how: Recipe) -> None:
    from torch.nn import utils

    if how.clip is not None:
        utils.clip_grad_value_(network.parameters(), how.clip)
    if how.clip_norm is not None:
        utils.clip_grad_norm_(network.parameters(), how.clip_norm)
