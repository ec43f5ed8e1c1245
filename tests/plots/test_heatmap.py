"""Heat maps: what stands in the cells, on the axes and on the color bar."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes

from analysis.load import Study
from analysis.plots import heatmap, heatmaps, style


def ticks(ax: Axes) -> tuple[list[str], list[str]]:
    """The tick labels of both axes."""
    x, y = ax.get_xticklabels(), ax.get_yticklabels()
    return [tick.get_text() for tick in x], [tick.get_text() for tick in y]


def test_a_grid_cell_holds_the_best_over_the_rest(studies: dict[str, Study]) -> None:
    """Learning rate x batch size keeps the best of three hidden sizes."""
    grid = studies["grid"]
    frame = heatmap.table(grid, "learning_rate", "batch_size")
    cell = frame[(frame["learning_rate"] == "0.01") & (frame["batch_size"] == "64")]
    rows = grid.trials.query("learning_rate == 0.01 and batch_size == 64")
    assert cell["val_accuracy"].item() == rows["val_accuracy"].max()
    assert cell["trials"].item() == 3


def test_drawn_cells_show_per_cent_and_count(studies: dict[str, Study], ax: Axes) -> None:
    """Each cell reads best, mean and n, in the order of the axes."""
    frame = heatmap.table(studies["grid"], "learning_rate", "batch_size")
    heatmap.draw(frame, ax)
    texts = [text.get_text() for text in ax.texts]
    first = frame[(frame["learning_rate"] == "0.0001") & (frame["batch_size"] == "16")]
    best, mean = first[["val_accuracy", "mean"]].to_numpy()[0]
    rows = studies["grid"].trials.query("learning_rate == 0.0001 and batch_size == 16")
    assert mean == pytest.approx(rows["val_accuracy"].mean())
    assert texts[0] == f"{100 * best:.1f}\n({100 * mean:.1f})\nn 3"
    assert len(texts) == 16


def test_one_trial_is_its_own_mean(studies: dict[str, Study], ax: Axes) -> None:
    """A cell with a single trial does not repeat its accuracy in brackets."""
    frame = heatmap.table(
        studies["grid"], "learning_rate", "batch_size", fixed={"hidden_size": 32}
    )
    heatmap.draw(frame, ax)
    assert not any("(" in text.get_text() for text in ax.texts)


def test_axes_keep_the_order_of_the_choices(studies: dict[str, Study], ax: Axes) -> None:
    """Ticks are the values tried, growing to the right and upward."""
    heatmap.draw(heatmap.table(studies["grid"], "learning_rate", "batch_size"), ax)
    assert ticks(ax) == (["0.0001", "0.001", "0.01", "0.1"], ["16", "32", "64", "128"])
    assert ax.get_ylim()[0] < ax.get_ylim()[1]


def test_the_title_names_the_best_cell(studies: dict[str, Study], ax: Axes) -> None:
    """The finding is readable without the colors."""
    frame = heatmap.table(studies["grid"], "learning_rate", "batch_size")
    best = frame.loc[frame["val_accuracy"].idxmax()]
    title = heatmap.draw(frame, ax).get_title(loc="left")
    assert f"{100 * best['val_accuracy']:.1f} %" in title
    assert "n = 48" in title


def test_continuous_parameters_fall_into_log_bins(studies: dict[str, Study]) -> None:
    """Four decades of learning rate become eight cells, and every trial lies in one."""
    frame = heatmap.table(studies["random"], "learning_rate", "hidden_size")
    assert list(frame["learning_rate"].cat.categories)[:2] == [
        "0.0001\u20130.00032",
        "0.00032\u20130.001",
    ]
    assert len(frame["learning_rate"].cat.categories) == 8
    assert frame["trials"].sum() == 64


def test_empty_cells_stay_empty(studies: dict[str, Study], ax: Axes) -> None:
    """A cell without trials has neither color nor text, and is not zero."""
    frame = heatmap.table(studies["random"], "learning_rate", "hidden_size")
    empty = frame["trials"] == 0
    assert empty.any()
    assert frame.loc[empty, "val_accuracy"].isna().all()
    heatmap.draw(frame, ax)
    assert len(ax.texts) == (~empty).sum()
    assert np.ma.getmaskarray(ax.collections[0].get_array()).sum() == empty.sum()


def test_fixed_values_select_trials(studies: dict[str, Study]) -> None:
    """One panel of the triptych: one hidden size, one trial a cell."""
    frame = heatmap.table(
        studies["grid"], "learning_rate", "batch_size", fixed={"hidden_size": 32}
    )
    assert (frame["trials"] == 1).all()


def test_the_triptych_shares_one_color_scale(studies: dict[str, Study]) -> None:
    """The same accuracy has the same color in all three panels."""
    figure = heatmaps.by_value(studies["grid"], "learning_rate", "batch_size", "hidden_size")
    norms = {ax.collections[0].norm for ax in figure.axes[:3]}
    assert len(norms) == 1
    titles = [ax.get_title(loc="left") for ax in figure.axes[:3]]
    assert [title.split(":")[0] for title in titles] == [f"{n} hidden units" for n in (16, 32, 64)]


def test_pairs_draw_every_pair_once(studies: dict[str, Study]) -> None:
    """Five parameters make ten panels; labels stand on the outer edge only."""
    figure = heatmaps.pairs(studies["search"])
    drawn = [ax for ax in figure.axes if ax.axison and ax.collections and ax.texts]
    assert len(drawn) == 10
    assert [ax.get_ylabel() for ax in drawn if ax.get_ylabel()] == [
        *("learning rate", "batch size", "optimizer", "rate drops after epochs"),
    ]
    assert sum(bool(ax.get_xlabel()) for ax in drawn) == 4


def test_cells_of_all_pairs_have_one_size(studies: dict[str, Study]) -> None:
    """A panel is as wide and high as it has cells, so that text fits into all of them."""
    figure = heatmaps.pairs(studies["random"])
    figure.draw_without_rendering()
    sizes = []
    for ax in (ax for ax in figure.axes if ax.axison and ax.collections and ax.texts):
        box, cells = ax.get_window_extent(), ax.collections[0].get_array()
        rows, columns = np.asarray(cells).shape
        sizes.append((box.width / columns, box.height / rows))
    assert np.ptp(sizes, axis=0) == pytest.approx(0.0, abs=3.0)  # pixels


@pytest.mark.parametrize(
    "how", [{"pruned": 1.0, "diverged": 0.0}, {"diverged": 1.0}, {"trials": 1}]
)
def test_odd_studies_still_have_heat_maps(
    odd_study: Callable[..., Study], how: dict[str, float]
) -> None:
    """All pruned, all diverged or one trial: a picture, not a traceback."""
    figure = heatmaps.pairs(odd_study(**how))
    figure.draw_without_rendering()


def test_one_parameter_has_no_pair(studies: dict[str, Study]) -> None:
    """A study without two searched parameters says so."""
    with pytest.raises(style.NothingToDrawError, match="fewer than two"):
        heatmaps.pairs(studies["iterations"])


def test_the_error_scale_is_undone_by_its_inverse() -> None:
    """Accuracies up to one come back; halving the error is one length."""
    accuracy = np.array([0.0, 0.1, 0.9, 0.99, 1.0])
    np.testing.assert_allclose(
        style.accuracy_of(style.error_scale(accuracy)), accuracy, atol=1e-12
    )
    steps = np.diff(style.error_scale(np.array([0.6, 0.8, 0.9])))
    assert steps[0] == pytest.approx(steps[1], rel=0.01)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.08, 0.96, [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95]),
        (0.84, 0.945, [0.85, 0.9, 0.92, 0.93, 0.94]),
        (0.931, 0.9345, [0.931, 0.932, 0.933, 0.934]),
    ],
    ids=["wide", "usual", "narrow"],
)
def test_ticks_are_round_and_enough(low: float, high: float, expected: list[float]) -> None:
    """Few round values on a wide range, even steps on a narrow one."""
    assert style.ticks(low, high) == pytest.approx(expected)
