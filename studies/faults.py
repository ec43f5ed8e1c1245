"""Published defects, by name, so that a replay can make the same mistake."""

from pipeline.nn.arrays import FloatArray
from pipeline.nn.gradcheck import Check, check
from pipeline.nn.mlp import MLP, Layers, Windows
from pipeline.study_settings import Variant

TWIN = (6, 5, 4)  # widths of the small network on which a gradient is checked


class OutputErrorSign(MLP):
    """A network that sends the output error back with the wrong sign: y - p for p - y."""

    def backward(
        self, theta: Windows, X: FloatArray, delta: FloatArray, layers: Layers, grad: Windows
    ) -> None:
        """Leave the negated gradient in grad: descent climbs."""
        super().backward(theta, X, -delta, layers, grad)


FAULTS: dict[str, type[MLP]] = {"output_error_sign": OutputErrorSign}


def kind(variant: Variant) -> type[MLP]:
    """The network to train: a sound one, or the one with the variant's defect."""
    return FAULTS[variant.fault] if variant.fault else MLP


def gradient_check(variant: Variant) -> Check:
    """Check the gradient that the variant trains with, on a small network of its kind."""
    output, loss = variant.output, variant.loss
    network = kind(variant)(TWIN, variant.activation, output, loss, variant.biases)
    return check(network, l2=variant.l2)
