"""The picture of what was published beside ours, and the experiments' claims behind it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from pandas import DataFrame

from analysis import published
from analysis.plots import published as picture
from analysis.plots import style
from pipeline import params
from pipeline.claim_settings import PEERS
from pipeline.result_settings import Final
from pipeline.settings import Trainer
from studies import peers
from tests.plots.drawn import title

EXPERIMENTS = Path(__file__).parents[2] / "experiments" / "params.yaml"
IDS = [
    *("A1", "A2", "A3", "A4", "A5", "B", "C1", "C2", "C3", "C4", "C5"),
    *("C6", "C6c", "C6d", "C6e", "C7", "C7c", "D", "E"),
]


def claims_of(*rows: tuple[Any, ...]) -> DataFrame:
    """A table of claims: id, published, ours, low, high, split, agrees."""
    names = ["id", "published", "ours", "low", "high", "split", "agrees"]
    return DataFrame(rows, columns=names).assign(quantity="named", cause="")


DRAWN = claims_of(
    ("A1", "0.85 to 0.88", 0.87, 0.86, 0.88, "test", "within"),
    ("A1", "0.5", 0.7, 0.6, 0.8, "val", "above"),
    ("B", "0.9425", 0.9, None, None, "train", "below"),
    ("D", "0.95 to 1", 0.9, 0.8, 0.95, "test", ""),
    ("C4", "0 to 1e-07", 1e-10, None, None, "", "within"),  # a fact
    ("C7", "0.9", None, None, None, "", ""),  # not run
    ("C6", "", 0.9, 0.8, 0.95, "val", ""),  # nothing published
)


def test_bars_are_theirs_and_dots_are_ours(ax: Axes) -> None:
    """One row an accuracy that has both: a bar from end to end, a dot at ours, hollow unjudged."""
    frame = picture.table(DRAWN)
    assert frame["kind"].tolist() == ["within", "above", "below", "full"]
    picture.draw(frame, ax)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.containers[0]]
    assert bars[0] == pytest.approx((0.85, 0.88))
    assert bars[1] == pytest.approx((0.495, 0.505), abs=0.02)
    assert bars[3] == pytest.approx((0.95, ax.get_xlim()[1]))
    dots = {each.get_label(): each.lines[0] for each in ax.containers[1:]}
    marks = {label: (*d.get_xydata()[0], d.get_marker()) for label, d in dots.items()}
    assert marks == {
        "ours: agrees": (0.87, 0, "o"),
        "ours: above": (0.7, 1, ">"),
        "ours: below": (0.9, 2, "<"),
        "ours, on fewer images: not judged": (0.9, 3, "o"),
    }
    faces = {label: to_rgb(d.get_markerfacecolor()) for label, d in dots.items()}
    assert len(set(faces.values())) == 4
    assert faces["ours, on fewer images: not judged"] == (1, 1, 1)
    assert [label.get_text().split()[-1] for label in ax.get_yticklabels()] == [
        "A1",
        "A1",
        "B",
        "D",
    ]
    assert title(ax) == "1 of 3 published accuracies agree; 1 take all of MNIST"


def test_the_legend_names_what_is_there(ax: Axes) -> None:
    """A kind without rows has no entry; a line stands between experiments."""
    picture.draw(picture.table(DRAWN.head(2)), ax)
    legend = ax.get_legend()
    assert legend
    assert [text.get_text() for text in legend.get_texts()] == [
        "published",
        "ours: agrees",
        "ours: above",
    ]
    between = [
        each for each in ax.lines if each.get_linewidth() == 0.8 and len(each.get_xdata()) == 2
    ]
    assert not between
    picture.draw(picture.table(DRAWN.head(3)), ax)
    assert any(list(each.get_ydata()) == [1.5, 1.5] for each in ax.lines)


def test_a_perfect_network_stays_on_the_axis(ax: Axes) -> None:
    """Ours at 100 % is drawn; theirs at 100 % is open to the right."""
    perfect = claims_of(("D", "0.9 to 1", 1.0, 1.0, 1.0, "train", "within"))
    picture.draw(picture.table(perfect), ax)
    assert ax.get_xlim()[1] >= 1


def test_nothing_beside_nothing_is_not_drawn(ax: Axes) -> None:
    """Without an accuracy that has both, the reason is said."""
    for rows in (DRAWN.tail(3), published.table([], Path(), {})):
        with pytest.raises(style.NothingToDrawError, match="no published accuracy"):
            picture.draw(picture.table(rows), ax)


def test_every_experiment_has_its_claims() -> None:
    """The claims of the experiments load, and every id has a line, in the order of the list."""
    claims = params.load(EXPERIMENTS).claims
    assert list(dict.fromkeys(claim.id for claim in claims)) == IDS
    counts = Counter((claim.id, claim.quantity) for claim in claims)
    assert [named for named, n in counts.items() if n > 1] == []


def test_claims_compare_where_they_may() -> None:
    """A compares on any source, B, D and E on all of MNIST; every model of PyTorch is trained."""
    loaded = params.load(EXPERIMENTS)
    assert loaded.pytorch
    models = {claim.pytorch for claim in loaded.claims if claim.pytorch}
    assert models <= set(loaded.pytorch.models)
    full = {claim.id for claim in loaded.claims if claim.full}
    assert full == {"B", "C7", "D", "E"}
    compared = [c for c in loaded.claims if c.id in full and c.published is not None]
    assert [c.quantity for c in compared if not c.full] == ["6. number of parameters"]


def test_peers_are_those_that_are_tested() -> None:
    """The names that a claim may use are those of the final stage."""
    names = [peers.of_scikit_learn(name, Trainer(), 100, 1)[0] for name in Final().peers]
    assert tuple(names) == PEERS
