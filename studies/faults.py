"""Published defects, by name, so that a replay can make the same mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.nn.arrays import FloatArray
from pipeline.nn.gradcheck import Check, check
from pipeline.nn.mlp import MLP, Layers, Windows
from pipeline.nn.optimizers import Adam
from pipeline.study_settings import Variant

TWIN = (6, 5, 4)  # widths of the small network on which a gradient is checked


class OutputErrorSign(MLP):
    """A network that sends the output error back with the wrong sign: y - p for p - y."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Leave the negated gradient in grad: descent climbs."""
        super().backward(theta, X, -delta, layers, grad)


class DividedTwice(MLP):
    """A network that divides its gradient by the n examples of the batch, and then once more."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Leave 1/n of the gradient in grad: the steps of SGD are n times too short."""
        super().backward(theta, X, delta / len(X), layers, grad)


class ForgetfulAdam(Adam):
    """Adam that looks for its moments where they no longer are, and takes zeros; steps count on.

    Of a parameter's m and v only the last gradient is left. After many steps the correction of
    their bias is over, and every parameter moves by lr (1 - beta1) / sqrt(1 - beta2), 3.2 lr,
    whatever the size of its gradient.
    """

    def update(
        self, theta: FloatArray, grad: FloatArray, memory: FloatArray, *, lr: float, step: int
    ) -> None:
        """Move theta (size,) by one step, in place; grad is used up."""
        memory[...] = 0
        super().update(theta, grad, memory, lr=lr, step=step)


@dataclass(frozen=True)
class Fault:
    """What a defect changes: the kind of network, fields of the recipe."""

    network: type[MLP] = MLP
    instead: Mapping[str, Any] = field(default_factory=dict)


SOUND = Fault()
FAULTS = {
    "output_error_sign": Fault(OutputErrorSign),
    "divided_twice": Fault(DividedTwice),
    "adam_forgets": Fault(instead={"optimizer": ForgetfulAdam()}),
}


def of(variant: Variant) -> Fault:
    """The variant's defect, or none."""
    return FAULTS[variant.fault] if variant.fault else SOUND


def gradient_check(variant: Variant) -> Check:
    """Check the gradient that the variant trains with, on a small network of its kind."""
    output, loss = variant.output, variant.loss
    network = of(variant).network(TWIN, variant.activation, output, loss, variant.biases)
    return check(network, l2=variant.l2)
