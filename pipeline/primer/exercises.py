"""The chapter's exercises on toy data: which networks, which examples, how they are trained."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from pipeline.nn.examples import Examples
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import Adam
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe
from pipeline.primer import toy_data
from pipeline.primer.until import Trained, climb, train_until

Hidden: TypeAlias = tuple[int, ...]

XOR_NETWORKS: tuple[Hidden, ...] = ((2,), (4,), (8,), (4, 4))
XOR_SEEDS = range(10)
XOR_LOSS = 0.1  # below this XOR counts as solved
XOR_RECIPE = Recipe(Adam(), constant(0.05), batch_size=4, epochs=1000)

MOON_WIDTHS = (2, 5, 10, 20, 50)
MOON_SEEDS = range(5)
MOON_RECIPE = Recipe(Adam(), constant(0.02), batch_size=64, epochs=60)

SHAPES = ("circles", "spiral", "checkerboard")
SHAPE_SEEDS = range(3)
SHAPE_RECIPE = Recipe(Adam(), constant(0.03), batch_size=100, epochs=120)
LADDER: tuple[Hidden, ...] = ((2,), (3,), (4,), (8,), (16,), (8, 8), (12, 12), (16, 16))
GOOD = 0.95  # of the training examples right


def network(hidden: Hidden) -> MLP:
    """Two inputs, hidden layers of tanh, one output with a sigmoid."""
    return MLP((2, *hidden, 1), "tanh", output="sigmoid")


def named(hidden: Hidden) -> str:
    """A network's widths, as 2-4-4-1."""
    return "-".join(map(str, (2, *hidden, 1)))


def xor() -> dict[Hidden, list[Trained]]:
    """XOR learned by each of XOR_NETWORKS with each of XOR_SEEDS, or not."""
    corners = toy_data.xor()
    return {
        hidden: [
            train_until(network(hidden), corners, XOR_RECIPE, seed, loss=XOR_LOSS)
            for seed in XOR_SEEDS
        ]
        for hidden in XOR_NETWORKS
    }


def moon_data() -> tuple[Examples, Examples]:
    """1,000 moons with noise 0.2: 800 to train on, 200 to judge by."""
    return toy_data.split(toy_data.moons(1000, 0.2, seed=42), share=0.2, seed=42)


def moons() -> dict[int, list[Trained]]:
    """Moons learned with each of MOON_WIDTHS hidden units and MOON_SEEDS, all epochs."""
    train, _ = moon_data()
    never = 0.0  # a loss that none can reach
    return {
        d: [
            train_until(network((d,)), train, MOON_RECIPE, seed, loss=never) for seed in MOON_SEEDS
        ]
        for d in MOON_WIDTHS
    }


def shape(name: str, n: int, seed: int) -> Examples:
    """n examples of one of SHAPES."""
    if name == "circles":
        return toy_data.circles(n, 0.1, seed)
    if name == "spiral":
        return toy_data.spiral(n, 0.02, seed, turns=1.5)
    return toy_data.checkerboard(n, seed, cells=4)


def climbed(name: str) -> Mapping[Hidden, list[Trained]]:
    """From small to large, networks on 400 examples of a shape, until each seed is GOOD."""
    return dict(_climb(name))


def _climb(name: str) -> Iterator[tuple[Hidden, list[Trained]]]:
    networks, examples = map(network, LADDER), shape(name, 400, 0)
    for mlp, runs in climb(networks, examples, SHAPE_RECIPE, SHAPE_SEEDS, accuracy=GOOD):
        yield mlp.widths[1:-1], runs
