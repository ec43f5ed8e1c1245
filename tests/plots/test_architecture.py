"""A network on the board: which units are drawn, what is written under the arrows."""

import pytest
from matplotlib.axes import Axes

from analysis.plots import architecture
from pipeline.nn.mlp import MLP
from tests.plots.drawn import title

WRITE_UP = MLP((784, 128, 10), "sigmoid", "sigmoid", biases=False)


def texts(ax: Axes) -> list[str]:
    """Everything written in a panel, empty labels of arrows aside."""
    return [text.get_text() for text in ax.texts if text.get_text()]


def arrows(ax: Axes) -> list[tuple[float, float]]:
    """From where to where each arrow goes, along x."""
    pointing = [text for text in ax.texts if getattr(text, "arrow_patch", None)]
    return [(text.xyann[0], text.xy[0]) for text in pointing]  # type: ignore[attr-defined]


def test_weights_are_counted_from_the_network() -> None:
    """784 · 128 + 128 · 10 weights come in, as many as the network itself has, and no biases."""
    frame = architecture.table(WRITE_UP)
    assert frame["weights"].tolist() == [0, 100_352, 1_280]
    assert frame["weights"].sum() == WRITE_UP.weight_count == 101_632
    assert frame["biases"].tolist() == [0, 0, 0]
    assert frame["activation"].tolist() == ["", "sigmoid", "sigmoid"]


def test_biases_are_counted_apart() -> None:
    """Weights and biases of a deeper network add up to the length of theta."""
    deep = MLP((784, 128, 64, 10))
    frame = architecture.table(deep)
    assert frame["biases"].tolist() == [0, 128, 64, 10]
    assert frame["weights"].sum() + frame["biases"].sum() == deep.size
    assert frame["letter"].tolist() == ["P", "H", "H", "D"]


def test_large_layers_are_a_sample_with_dots(ax: Axes) -> None:
    """First and last pixels and hidden units, dots for the others, and every digit."""
    architecture.draw(architecture.table(WRITE_UP), ax)
    written = texts(ax)
    assert {"P1", "P784", "H1", "H128", *(f"D{digit}" for digit in range(10))} <= {*written}
    assert written.count("⋮") == 2
    assert not {"P0", "P400", "H64", "H129", "D10"} & {*written}
    assert title(ax) == "784-128-10: 101,632 weights, no biases"


def test_shapes_stand_under_arrows_between_the_layers(ax: Axes) -> None:
    """An arrow goes from each layer to the next, and under it the shape of its weights."""
    architecture.draw(architecture.table(WRITE_UP), ax)
    assert {"W1: 784 × 128\n100,352 weights", "W2: 128 × 10\n1,280 weights"} <= {*texts(ax)}
    there = arrows(ax)
    assert len(there) == 2
    assert all(start < end for start, end in there)
    assert there[0][1] < there[1][0]


@pytest.mark.parametrize(("widths", "lines"), [((2, 3, 1), 9), ((784, 128, 10), 8 * 8 + 8 * 10)])
def test_every_drawn_unit_is_joined_to_the_next_layer(
    ax: Axes, widths: tuple[int, ...], lines: int
) -> None:
    """A line for each pair of neighbors that are drawn; none from the dots."""
    architecture.draw(architecture.table(MLP(widths, "sigmoid", "sigmoid")), ax)
    assert len(ax.lines) == lines


def test_all_of_it_is_within_the_panel(ax: Axes) -> None:
    """No unit and no text lies beyond the limits."""
    architecture.draw(architecture.table(MLP((784, 128, 64, 10))), ax)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    for text in ax.texts:
        x, y = text.get_position()
        assert left < x < right
        assert low < y < high
