"""Pictures of the teaching notebooks, by reading what was drawn."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis.plots import style
from analysis.plots.primer import (
    activation,
    boundary,
    epochs,
    errors,
    graph,
    paths,
    temperature,
    updates,
    width,
)

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


@pytest.fixture
def ax() -> Axes:
    """An empty panel in the project's style."""
    style.use()
    return style.single()[1]


def title(ax: Axes) -> str:
    """The title, which stands at the left."""
    return ax.get_title(loc="left")


def tick_labels(ax: Axes) -> list[str]:
    """The labels along the first axis."""
    return [label.get_text() for label in ax.get_xticklabels()]


def halves() -> DataFrame:
    """Of the corners (0, 1) and (1, 1) are class 1, but the boundary is x1 = 0.6."""
    return boundary.table(CORNERS, np.array([0, 1, 0, 1]), lambda at: at[:, 0] - 0.1, points=41)


def test_boundary_table_holds_examples_and_a_grid_around() -> None:
    """Examples come with labels, the grid without, a fifth of the range wider on each side."""
    frame = halves()
    examples, grid = frame[frame["label"].notna()], frame[frame["label"].isna()]
    assert examples[["x1", "x2"]].to_numpy().tolist() == CORNERS.tolist()
    assert len(grid) == 41**2
    assert grid["x1"].min() == pytest.approx(-0.2)
    assert grid["x2"].max() == pytest.approx(1.2)
    np.testing.assert_allclose(frame["output"], frame["x1"] - 0.1)


def test_boundary_is_drawn_where_the_output_crosses_the_level(ax: Axes) -> None:
    """The line runs along x1 = 0.6; two examples are ringed, one of each class."""
    boundary.draw(halves(), ax)
    line = ax.collections[1]
    np.testing.assert_allclose(line.get_paths()[0].vertices[:, 0], 0.6)
    ringed = {c.get_label(): c.get_offsets().tolist() for c in ax.collections[2:]}
    assert ringed["class 0, taken for the other"] == [[1.0, 0.0]]
    assert ringed["class 1, taken for the other"] == [[0.0, 1.0]]
    assert title(ax) == "2 of 4 right"


def test_an_output_on_the_level_says_class_1() -> None:
    """As the perceptron has it: z = 0 is a 1."""
    frame = boundary.table(CORNERS, np.array([0, 1, 1, 1]), lambda at: at.sum(axis=1) - 1, level=0)
    assert not boundary.wrong_examples(frame).any()


def test_many_examples_are_told_as_a_share() -> None:
    """Three quarters of 40 are 75 %."""
    X = np.repeat(CORNERS, 10, axis=0)
    labels = np.repeat([0, 0, 0, 1], 10)
    frame = boundary.table(X, labels, lambda at: at[:, 0], points=5)
    assert boundary.title(frame) == "75.0 % of 40 right"


def test_a_plane_of_one_class_has_no_boundary(ax: Axes) -> None:
    """Where the output never crosses the level no line is drawn, and nothing warns."""
    labels = np.array([0, 1, 0, 1])
    boundary.draw(boundary.table(CORNERS, labels, lambda at: np.zeros(len(at))), ax)
    assert len(ax.collections) == 1 + 4


def test_grid_names_its_panels_and_hides_the_others() -> None:
    """Four pictures in rows of three: four titles in order, two panels switched off, a legend."""
    style.use()
    figure = boundary.grid({name: halves() for name in "abcd"}, 3)
    assert [title(ax) for ax in figure.axes[:4]] == [f"{n}\n2 of 4 right" for n in "abcd"]
    assert [ax.axison for ax in figure.axes] == [True] * 4 + [False] * 2
    assert len(figure.legends[0].get_texts()) == 4


def test_activation_is_drawn_with_its_derivative(ax: Axes) -> None:
    """Two curves over z, the name in the title; the facts name slopes at ends, middle and peak."""
    z = np.linspace(-10, 10, 5)
    frame = activation.table("leaky_relu", z, np.maximum(z, z / 100), np.where(z > 0, 1, 0.01))
    activation.draw(frame, ax)
    curves = {str(line.get_label()): np.asarray(line.get_ydata()) for line in ax.lines}
    np.testing.assert_array_equal(curves["f(z)"], frame["activation"])
    np.testing.assert_array_equal(curves["f'(z)"], frame["derivative"])
    assert title(ax) == "leaky ReLU"
    assert list(activation.facts(frame).values()) == [-0.1, 10, 1, 0.01, 0.01, 1]
    assert list(activation.facts(frame))[3:] == ["f' at -10", "f' at 0", "f' at 10"]


def test_temperature_has_a_line_for_each_score(ax: Axes) -> None:
    """Lines carry the scores' names and their shares by temperature."""
    shares = np.array([[0.1, 0.9], [0.4, 0.6]])
    temperature.draw(temperature.table([1.0, 2.0], np.array([1.0, 10.0]), shares), ax)
    lines = {str(line.get_label()): np.asarray(line.get_ydata()).tolist() for line in ax.lines}
    assert lines["z = 1"] == [0.1, 0.4]
    assert lines["z = 2"] == [0.9, 0.6]


def test_epochs_mark_who_gave_up(ax: Axes) -> None:
    """A triangle at the limit for each that gave up; the count below; no median beyond half."""
    frame = epochs.table({"small": [None, 40, None], "large": [10, 20, 30]})
    epochs.draw(frame, ax, limit=200)
    marked = {line.get_marker(): line for line in ax.lines[:2]}
    assert np.asarray(marked["^"].get_ydata()).tolist() == [200, 200]
    assert np.asarray(marked["o"].get_ydata()).tolist() == [40]
    assert tick_labels(ax) == ["small\n1 of 3", "large\n3 of 3"]
    black = [line for line in ax.lines if line.get_color() == "black"]
    medians = [line for line in black if line.get_marker() == "None"]
    assert [np.asarray(line.get_ydata()).tolist() for line in medians] == [[20, 20]]
    counted = epochs.counts(frame)
    assert counted.to_numpy().tolist() == [[1, 3, np.inf], [3, 3, 20]]


def test_width_calls_ties_ties(ax: Axes) -> None:
    """What cannot be told from the best is filled, what is worse is hollow."""
    rng = np.random.default_rng(0)
    chances = {2: 0.5, 10: 0.9, 20: 0.91}
    right = {d: rng.random((5, 200)) < chance for d, chance in chances.items()}
    frame = width.table(right)
    assert frame["tied"].tolist() == [False, True, True]
    assert frame["accuracy"].tolist() == [bits.mean() for bits in right.values()]
    assert ((frame["low"] < frame["accuracy"]) & (frame["accuracy"] < frame["high"])).all()
    width.draw(frame, ax)
    filled, hollow = (line for line in ax.lines if line.get_marker() == "o")
    assert np.asarray(filled.get_xdata()).tolist() == [10, 20]
    assert np.asarray(hollow.get_xdata()).tolist() == [2]
    assert title(ax) == "Mean of 5 seeds on 200 held-out examples"


def test_paths_are_drawn_from_start_to_end(ax: Axes) -> None:
    """A line an optimizer through all its points, a square at its end, one start for all."""
    ways = {"a": np.array([[1.0, 1], [0.5, 0.5]]), "b": np.array([[1.0, 1], [1, 0]])}
    frame = paths.table(ways, lambda at: (at**2).sum(axis=-1))
    assert frame["loss"].tolist() == [2, 0.5, 2, 1]
    window = ((-2.0, 2.0), (-1.0, 1.0))
    paths.draw(frame, ax, value=lambda at: (at**2).sum(axis=-1), window=window)
    lines = {str(line.get_label()): line.get_xydata().tolist() for line in ax.lines}
    assert (lines["a"], lines["b"]) == ([[1, 1], [0.5, 0.5]], [[1, 1], [1, 0]])
    ends = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "s"]
    assert ends == [[[0.5, 0.5]], [[1, 0]]]
    assert ax.lines[-1].get_xydata().tolist() == [[1, 1]]
    assert (ax.get_xlim(), ax.get_ylim()) == window


def test_losses_are_drawn_on_a_logarithm_with_a_floor(ax: Axes) -> None:
    """A loss of 0 is drawn at the floor, so that the line goes on."""
    frame = paths.table({"a": np.array([[1.0, 1], [0, 0]])}, lambda at: (at**2).sum(axis=-1))
    paths.draw_losses(frame, ax)
    assert np.asarray(ax.lines[0].get_ydata()).tolist() == [2, paths.FLOOR]
    assert ax.get_yscale() == "log"


def test_updates_end_in_a_cross_where_nothing_is_left(ax: Axes) -> None:
    """A gate that comes to 0 has a cross there; one that never does has none."""
    updates.draw(updates.table({"AND": [2, 1, 0], "XOR": [3, 4, 4]}), ax)
    crosses = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "X"]
    assert crosses == [[[3, 0]]]


def test_graph_shows_every_number(ax: Axes) -> None:
    """Weights on lines, values in nodes, biases below; a unit that is cut is gray."""
    values = [np.array([1.0, 2.0]), np.array([0.6, 0.0]), np.array([0.9749])]
    W = [np.array([[0.1, 0.3], [0.2, 0.4]]), np.array([[0.7], [0.8]])]
    frame = graph.table(values, W, [np.array([0.11, 0.21]), np.array([0.31])])
    assert frame["weight"].tolist() == [0.1, 0.3, 0.2, 0.4, 0.7, 0.8]
    graph.draw(frame, ax)
    texts = [text.get_text() for text in ax.texts]
    assert texts[:6] == ["0.1", "0.3", "0.2", "0.4", "0.7", "0.8"]
    assert sorted(texts[6:]) == sorted(
        ["1", "2", "0.6", "+ 0.11", "0", "+ 0.21", "0.9749", "+ 0.31"]
    )
    gray = [np.ptp(node.get_facecolor()[0, :3]) == 0 for node in ax.collections]
    assert gray == [False, False, False, True, False]


def test_errors_are_drawn_by_activation(ax: Axes) -> None:
    """A row of dots for each activation, one an array; the tolerance is a line."""
    frame = DataFrame({"activation": ["relu", "tanh"], "W1": [1e-9, 2e-9], "b1": [3e-9, 4e-9]})
    errors.draw(frame, ax, tolerance=1e-7)
    dots = [np.asarray(line.get_xdata()).tolist() for line in ax.lines[:2]]
    assert dots == [[1e-9, 3e-9], [2e-9, 4e-9]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ReLU", "tanh"]
    assert title(ax) == "4 arrays of 2 networks: worst 4.0e-09"


def test_step_errors_name_the_smallest(ax: Axes) -> None:
    """The title has the best step; the slopes beside it fall and rise as theory says."""
    h = np.array([1e-8, 1e-6, 1e-4, 1e-2])
    errors.draw_steps(h, [1e-8, 1e-10, 1e-8, 1e-4], ax, chosen=1e-5)
    assert title(ax) == "Smallest error 1e-10 at h = 1e-06"
    rising = np.asarray(ax.lines[1].get_ydata())
    np.testing.assert_allclose(rising[1:] / rising[:-1], 1e4)
