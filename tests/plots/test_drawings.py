"""Every other picture, by reading what was drawn."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from pandas import DataFrame, concat

import analysis.importance
from analysis import figures, load, results
from analysis.load import Study
from analysis.plots import (
    confusion_matrix,
    cost,
    hidden_size,
    importance,
    iteration_curves,
    iteration_history,
    learning_curves,
    optimization_history,
    per_digit,
    sample_predictions,
    style,
    training_curves,
)


def title(ax: Axes) -> str:
    """The title, which stands at the left."""
    return ax.get_title(loc="left")


def labels(ax: Axes) -> list[str]:
    """What the legend would list."""
    return ax.get_legend_handles_labels()[1]


def test_iteration_history_draws_means_and_published(studies: dict[str, Study], ax: Axes) -> None:
    """A point a step at its mean; hollow diamonds at the published values."""
    frame = iteration_history.table(studies["iterations"])
    iteration_history.draw(frame, ax)
    hollow = next(line for line in ax.lines if line.get_marker() == "D")
    assert hollow.get_markerfacecolor() == "none"
    published = np.asarray(hollow.get_ydata(), dtype=float)
    np.testing.assert_array_equal(published, frame["published_accuracy"])
    means = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(np.asarray(means.get_ydata(), float), frame["val_accuracy"])


def test_iteration_history_writes_issues_beside(studies: dict[str, Study], ax: Axes) -> None:
    """Each step's issue and accuracy stand in the picture, inside its limits."""
    frame = iteration_history.table(studies["iterations"])
    iteration_history.draw(frame, ax)
    texts = [text.get_text().replace("\n", " ") for text in ax.texts]
    assert texts[0] == "10.0 % wrong gradient, caught by the check; diverged"
    low, high = ax.get_ylim()
    assert all(low <= text.xy[1] <= high for text in ax.texts)  # type: ignore[attr-defined]


def test_iteration_curves_mark_what_stopped(studies: dict[str, Study], ax: Axes) -> None:
    """One line a variant in order; those that diverged say where."""
    iteration_curves.draw(iteration_curves.table(studies["iterations"]), ax)
    assert labels(ax)[:2] == ["wrong gradient, stopped at epoch 2", "gradient fixed"]
    assert len(labels(ax)) == 6


def test_optimization_history_never_falls(studies: dict[str, Study], ax: Axes) -> None:
    """The best so far is a rising step line for each search, ending at its best finished trial."""
    searches = {key: studies[key] for key in ("search", "random")}
    optimization_history.draw(optimization_history.table(searches), ax, x="spent")
    steps = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    assert len(steps) == 2
    for line, study in zip(steps, searches.values(), strict=True):
        best = np.asarray(line.get_ydata(), dtype=float)
        assert (np.diff(best[np.isfinite(best)]) >= 0).all()
        assert best[-1] == study.trials.query("state == 'COMPLETE'")["val_accuracy"].max()
        assert np.asarray(line.get_xdata())[-1] == study.about["epochs"]


def test_optimization_history_marks_how_trials_ended(studies: dict[str, Study], ax: Axes) -> None:
    """As many crosses as pruned trials, as many triangles as diverged ones."""
    study = studies["search"]
    optimization_history.draw(optimization_history.table({"search": study}), ax)
    for reason in ("finished", "pruned", "diverged"):
        drawn = sum(len(np.asarray(m.get_xdata())) for m in ax.lines if m.get_gid() == reason)
        assert drawn == (study.trials["stop_reason"] == reason).sum()


def test_learning_curves_draw_every_trial(studies: dict[str, Study], ax: Axes) -> None:
    """All trials have a line, the best three a strong one, pruned ones a faint one."""
    learning_curves.draw(learning_curves.table(studies["search"]), ax)
    faint = [group for group in ax.collections if isinstance(group, LineCollection)]
    assert sum(len(group.get_segments()) for group in faint) + len(ax.lines) == 64
    assert len(ax.lines) == learning_curves.BEST
    assert all((group.get_alpha() or 1) < 1 for group in faint)


def test_learning_curves_rank_finished_trials_only(studies: dict[str, Study]) -> None:
    """Place 1 is the best finished trial; pruned and diverged ones have none."""
    study = studies["search"]
    frame = learning_curves.table(study)
    assert set(frame.loc[frame["stop_reason"] != "finished", "place"]) == {0}
    assert frame.loc[frame["place"] == 1, "number"].iloc[0] == study.about["best"]["number"]


def test_importance_orders_and_bounds(importances: DataFrame, ax: Axes) -> None:
    """The most important parameter is on top, and shares stay between zero and one."""
    other = importances.assign(study="other", importance=0.5)
    frame = importance.table(concat([other, importances]), "random")
    assert set(frame["study"]) == {"random"}
    importance.draw(frame, ax)
    top = frame[frame["method"] == "PED-ANOVA"].sort_values("importance")["parameter"].iloc[-1]
    assert ax.get_yticklabels()[-1].get_text() == top.replace("_size", " units")
    assert ax.get_xlim() == (-0.02, 1.02)
    assert labels(ax) == ["PED-ANOVA", "fANOVA"]


def test_importance_without_numbers_is_left_out(studies: dict[str, Study], ax: Axes) -> None:
    """The reason in the table becomes the reason for the missing picture."""
    with pytest.raises(style.NothingToDrawError, match="not independent"):
        importance.draw(analysis.importance.table(studies["search"]), ax)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("A", "x", 0.8, 0.7, 0.9), ("A", "y", 0.2, 0.1, 0.3)], "Most important: x"),
        ([("A", "x", 0.6, 0.2, 0.9), ("A", "y", 0.4, 0.1, 0.5)], "but not clearly: x"),
        ([("A", "x", 0.9, 0.8, 1.0), ("B", "y", 0.9, 0.8, 1.0)], "methods disagree"),
    ],
    ids=["clear", "unclear", "disagree"],
)
def test_importance_titles_claim_no_more_than_intervals_allow(
    rows: list[tuple[object, ...]], expected: str
) -> None:
    """A leader whose interval meets the next one is not called clear."""
    frame = DataFrame(rows, columns=["method", "parameter", "importance", "low", "high"])
    assert expected in importance.title(frame.assign(study="random", trials=64))


def test_hidden_size_draws_the_best_of_each(studies: dict[str, Study], ax: Axes) -> None:
    """A line through three sizes at their best, every other trial behind it."""
    study = studies["grid"]
    hidden_size.draw(hidden_size.table(study), ax)
    every, best = ax.lines[0], ax.lines[1]
    assert len(np.asarray(every.get_xdata())) == 48
    assert np.asarray(best.get_xdata()).tolist() == [16, 32, 64]
    expected = study.trials.groupby("hidden_size")["val_accuracy"].max()
    np.testing.assert_allclose(np.asarray(best.get_ydata(), dtype=float), expected)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["16", "32", "64"]


def test_cost_draws_one_bar_a_configuration(studies: dict[str, Study], ax: Axes) -> None:
    """Four batch sizes x three hidden sizes, as high as their mean seconds."""
    frame = cost.table(studies["grid"], "batch_size", "hidden_size")
    cost.draw(frame, ax)
    heights = sorted(bar.get_height() for group in ax.containers for bar in group)
    assert heights == pytest.approx(sorted(frame["seconds"]))
    assert len(heights) == 12
    assert ax.get_ylabel() == "training time (seconds)"


def test_cost_without_a_finished_training_is_left_out(odd_study: Callable[..., Study]) -> None:
    """Trainings that diverged at once say nothing about cost."""
    with pytest.raises(style.NothingToDrawError, match="no training ran to its end"):
        cost.table(odd_study(8, diverged=1.0), "batch_size", "hidden_size")


def test_confusion_matrix_counts_every_image(reports: Path, ax: Axes) -> None:
    """Counts sum to the images, zeros are blank, the title has accuracy and worst mistake."""
    frame = confusion_matrix.table(load.final(reports).predictions)
    confusion_matrix.draw(frame, ax)
    texts = [text.get_text() for text in ax.texts]
    assert sum(int(text or 0) for text in texts) == 1000
    assert texts.count("") == (frame.to_numpy() == 0).sum()
    assert title(ax).startswith("954 of 1000 test images right (95.4 %); most often 3 taken for 5")


def test_confusion_matrix_colors_rows_by_share(reports: Path, ax: Axes) -> None:
    """A row's colors are roots of its shares, so their squares sum to one."""
    confusion_matrix.draw(confusion_matrix.table(load.final(reports).predictions), ax)
    colors = np.asarray(ax.collections[0].get_array()).reshape(10, 10)
    np.testing.assert_allclose((colors**2).sum(axis=1), 1.0)


def test_a_perfect_network_has_no_mistake_to_name() -> None:
    """Without mistakes the title does not invent one."""
    predictions = DataFrame({"split": "test", "label": [0, 1], "predicted": [0, 1]})
    assert confusion_matrix.title(confusion_matrix.table(predictions)).endswith("no mistake")


def test_per_digit_draws_intervals_and_counts(reports: Path, ax: Axes) -> None:
    """A point a digit, n below it, the split on the axis."""
    frame = per_digit.table(load.final(reports).predictions)
    per_digit.draw(frame, ax)
    np.testing.assert_allclose(np.asarray(ax.lines[0].get_ydata(), dtype=float), frame["accuracy"])
    assert ax.get_xticklabels()[7].get_text() == "7\nn 100"
    assert ax.get_ylabel().startswith("test accuracy")


@pytest.mark.parametrize(
    ("worst", "expected"), [(70, "Hardest digit 1 (70.0 %)"), (97, "No digit is clearly harder")]
)
def test_per_digit_titles_need_intervals_apart(worst: int, expected: str) -> None:
    """The hardest digit is named only when its interval lies below the easiest one's."""
    right = [1] * worst + [0] * (100 - worst)
    predictions = DataFrame(
        {"split": "test", "label": [0] * 100 + [1] * 100, "predicted": [0] * 100 + right}
    )
    assert per_digit.title(per_digit.table(predictions)).startswith(expected)


def test_samples_show_a_right_row_then_the_surest_mistakes(reports: Path, ax: Axes) -> None:
    """Ten right ones first; mistakes follow, most certain first."""
    frame = sample_predictions.table(load.final(reports))
    right = frame["label"] == frame["predicted"]
    assert right.tolist() == [True] * 10 + [False] * 40
    assert frame.loc[~right, "probability"].is_monotonic_decreasing
    sample_predictions.draw(frame, ax)
    assert len(ax.images) == 50
    assert ax.texts[0].get_text().startswith("0 \u2192 0")
    assert "46 mistakes on 1000 test images, the 40 surest shown" in title(ax)


def test_sample_images_keep_their_pixels(reports: Path, ax: Axes) -> None:
    """Dark ink on white: a lit pixel is drawn dark, the border white."""
    frame = sample_predictions.table(load.final(reports))
    sample_predictions.draw(frame, ax)
    drawn = np.asarray(ax.images[8].get_array())
    assert drawn.shape == (28, 28, 4)
    np.testing.assert_allclose(drawn[0, 0, :3], 1.0)
    assert drawn[6, 10, 0] < 0.3


@pytest.mark.parametrize("what", ["loss", "accuracy"])
def test_training_curves_draw_both_splits(reports: Path, ax: Axes, what: str) -> None:
    """The untuned network has a curve on training and on validation images."""
    history = load.train(reports).history
    training_curves.draw(training_curves.table(history), ax, what=what)
    assert labels(ax) == ["training images", "validation images"]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), history[f"val_{what}"])


def test_training_curves_of_the_final_network_are_the_first_seed_s(reports: Path) -> None:
    """One curve a panel, of the tuned configuration; it trained on validation images too."""
    found = results.read(reports)
    made = {p.name: p.make for p in figures.pictures(found, load.importances(reports))}
    loss, accuracy = made["training_curves_final"]().axes
    history = load.final(reports).history
    first = history[(history["configuration"] == "tuned") & (history["seed"] == 1)]
    assert len(first) < len(history)
    for ax, column in ((loss, "train_loss"), (accuracy, "train_accuracy")):
        (curve,) = ax.lines
        np.testing.assert_array_equal(curve.get_ydata(), first[column])
        assert labels(ax) == ["training images"]
