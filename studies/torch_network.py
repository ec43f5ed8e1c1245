"""PyTorch's side of the `pytorch` stage: the same network, trained by torch from the same start.

Torch is no dependency: it is imported inside the functions that need it.
"""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from pipeline.errors import UserError
from pipeline.nn.arrays import FloatArray, LabelArray
from pipeline.nn.examples import Examples
from pipeline.nn.mlp import MLP
from pipeline.nn.state import Recipe, State
from pipeline.params import PARAMS
from pipeline.settings import Trainer

LOSSES = ("cross_entropy", "squared_error", "mean_squared_error")
KNOWN: Mapping[str, tuple[object, ...]] = {  # what the write-up's models are made of
    "activation": ("sigmoid",),
    "output": ("sigmoid",),
    "loss": LOSSES,
    "biases": (False,),
    "optimizer": ("sgd",),
    "patience": (None,),
    "l2": (0.0,),
    "weight_decay": (None, 0.0),
    "dropout": (0.0,),
    "input_dropout": (0.0,),
    "label_smoothing": (0.0,),
    "clip": (None,),
    "clip_norm": (None,),
}


def installed() -> str | None:
    """The version of torch that is installed, or None."""
    return version("torch") if find_spec("torch") else None


def check(name: str, settings: Trainer) -> None:
    """Confirm that all settings of model `name` are known here. Raises: UserError."""
    for key, known in KNOWN.items():
        value = getattr(settings, key)
        if value not in known:
            rule = " or ".join(map(json.dumps, known))
            raise UserError(
                f"{PARAMS}: pytorch.models.{name}.{key} must be {rule} for PyTorch's network, but "
                f"is {json.dumps(value)}; change it"
            )


def train(mlp: MLP, state: State, examples: Examples, how: Recipe) -> FloatArray:
    """Train by torch as `how` says from a fresh state; return the parameters (size,).

    The order of images comes from the state's own generator, as in training here. W stands
    transposed in torch.
    """
    import torch

    torch.set_num_threads(1)
    network, loss = _network(mlp, state.theta), _loss(mlp)
    X, Y = (torch.from_numpy(np.array(array)) for array in (examples.X, examples.Y))
    n, optimizer = len(X), torch.optim.SGD(network.parameters(), lr=1.0, foreach=False)
    for epoch in range(how.epochs):
        order = torch.from_numpy(state.shuffle.permutation(n))
        shuffled, targets = X[order], Y[order]
        for first in range(0, n, how.batch_size):
            batch = slice(first, first + how.batch_size)
            optimizer.param_groups[0]["lr"] = how.schedule(epoch + first / n)
            optimizer.zero_grad()
            loss(network(shuffled[batch]), targets[batch]).backward()
            optimizer.step()
    weights = [W.detach().numpy().T.ravel() for W in network.parameters()]
    return np.concatenate(weights)


def predicted(mlp: MLP, theta: FloatArray, X: FloatArray) -> LabelArray:
    """The classes (n,) that torch gives the images X (n, d)."""
    import torch

    with torch.no_grad():
        logits = _network(mlp, theta)(torch.from_numpy(np.array(X)))
    labels: LabelArray = logits.numpy().argmax(axis=1)
    return labels


def _network(mlp: MLP, theta: FloatArray) -> Any:
    """The network up to its logits, as one would write it in PyTorch."""
    import torch

    parts: list[Any] = []
    for W in mlp.windows(theta).W:
        linear = torch.nn.Linear(W.shape[0], W.shape[1], bias=False)
        linear.weight = torch.nn.Parameter(torch.from_numpy(W.T.copy()))
        parts += [linear, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*parts[:-1])


def _loss(mlp: MLP) -> Callable[[Any, Any], Any]:
    """The loss of logits and targets, both (n, outputs)."""
    from torch import nn

    if mlp.loss == "cross_entropy":
        summed = nn.BCEWithLogitsLoss(reduction="sum")
        return lambda logits, Y: summed(logits, Y) / len(Y)
    if mlp.loss == "squared_error":
        squares = nn.MSELoss(reduction="sum")
        return lambda logits, Y: squares(logits.sigmoid(), Y) / (2 * len(Y))
    mean = nn.MSELoss()
    return lambda logits, Y: mean(logits.sigmoid(), Y)
