"""Two settings crossed: what stands in each cell, in which order, on which scale."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from pandas import DataFrame

from analysis.plots import crossed, style
from tests.plots.drawn import title

FRAME = DataFrame(
    {
        "initial_scale": [1.0, 0.1, 1.0, 0.1],
        "pixels": ["raw", "raw", "unit", "unit"],
        "rate": ["fixed", "fixed", "fixed", "fixed"],
        "val_accuracy": [0.3, 0.5, 0.7, 0.9],
        "low": [0.2, np.nan, 0.6, 0.8],
        "high": [0.4, np.nan, 0.8, 0.95],
        "tied": [False, False, False, True],
        "saturated": [1.0, 0.5, 0.25, 0.0],
    }
)


def cells(ax: Axes) -> dict[tuple[float, float], str]:
    """What is written, by column and row of its cell."""
    return {tuple(int(at) for at in text.get_position()): text.get_text() for text in ax.texts}


def test_a_cell_holds_mean_and_interval(ax: Axes) -> None:
    """Columns and rows keep their order; a star is tied; no interval, no second line."""
    crossed.draw(crossed.table(FRAME, "initial_scale", "pixels"), ax)
    assert cells(ax) == {
        (0, 0): "30.0 %\n20.0 to 40.0 %",
        (1, 0): "50.0 %",
        (0, 1): "70.0 %\n60.0 to 80.0 %",
        (1, 1): "90.0 %*\n80.0 to 95.0 %",
    }
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "0.1"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["raw", "unit"]
    assert ax.yaxis_inverted()


def test_colors_follow_the_values(ax: Axes) -> None:
    """The colored cells are the accuracies, row by row, and letters stand out from them."""
    crossed.draw(crossed.table(FRAME, "initial_scale", "pixels"), ax)
    np.testing.assert_allclose(ax.collections[0].get_array(), [[0.3, 0.5], [0.7, 0.9]])
    assert {text.get_color() for text in ax.texts} == {"white", "black"}
    assert ax.texts[0].get_color() == "white"
    assert ax.texts[3].get_color() == "black"


def test_another_number_has_no_interval(ax: Axes) -> None:
    """A share that is no accuracy is drawn alone where the frame has no ends for it."""
    shares = FRAME.drop(columns=["low", "high", "tied"])
    crossed.draw(crossed.table(shares, "initial_scale", "pixels", "saturated"), ax)
    assert [text.get_text() for text in ax.texts] == ["100.0 %", "50.0 %", "25.0 %", "0.0 %"]


def test_panels_share_one_scale() -> None:
    """One panel a value, named by it, all colored alike."""
    falling = FRAME.assign(rate="falling", val_accuracy=FRAME["val_accuracy"] / 2)
    both = DataFrame({name: [*FRAME[name], *falling[name]] for name in FRAME.columns})
    figure = crossed.by_value(both, "initial_scale", "pixels", "rate")
    assert [title(ax) for ax in figure.axes] == ["fixed", "falling"]
    limits = {ax.collections[0].get_clim() for ax in figure.axes}
    assert limits == {(0.15, 0.9)}
    shares = crossed.by_value(
        both, "initial_scale", "pixels", "rate", value="saturated", share=True
    )
    assert {ax.collections[0].get_clim() for ax in shares.axes} == {(0.0, 1.0)}


def test_a_missing_combination_is_an_empty_cell(ax: Axes) -> None:
    """What was not trained has neither color nor text."""
    crossed.draw(crossed.table(FRAME.iloc[1:], "initial_scale", "pixels"), ax)
    assert len(ax.texts) == 3
    assert np.ma.getmaskarray(np.ma.masked_invalid(ax.collections[0].get_array())).sum() == 1


def test_what_cannot_be_drawn_is_told() -> None:
    """Nothing trained is a reason for people; two of one cell are a mistake of the caller."""
    with pytest.raises(style.NothingToDrawError, match="no configuration was trained"):
        crossed.table(FRAME.iloc[:0], "initial_scale", "pixels")
    with pytest.raises(ValueError, match="each rate and pixels must meet once"):
        crossed.table(FRAME, "rate", "pixels")
