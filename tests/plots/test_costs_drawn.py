"""Pictures of what trials cost, by reading what was drawn: size and epochs, and workers' time."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from analysis.load import Study
from analysis.plots import pareto, style, timeline_workers


def test_the_front_is_what_no_trial_beats(studies: dict[str, Study], ax: Axes) -> None:
    """A finished trial is on the front if none as small is as good; the step runs along it."""
    searches = {key: study for key, study in studies.items() if study.space}
    frame = pareto.table(searches)
    for row in frame[frame["front"]].to_dict("records"):
        smaller = frame[frame["parameters"] <= row["parameters"]]
        assert smaller["val_accuracy"].max() == row["val_accuracy"]
    pareto.draw(frame, ax)
    step = next(each for each in ax.lines if each.get_drawstyle() == "steps-post")
    np.testing.assert_array_equal(step.get_ydata(), frame.loc[frame["front"], "val_accuracy"])
    marks = [each for each in ax.collections if isinstance(each, PathCollection)]
    finished = sum((s.trials["stop_reason"] == "finished").sum() for s in searches.values())
    assert sum(len(np.asarray(each.get_offsets())) for each in marks) == finished == len(frame)
    assert ax.get_xscale() == "log"


def test_equals_stand_once_on_the_front(studies: dict[str, Study]) -> None:
    """Of the same size only the better is on it, of the same accuracy only the smaller."""
    trials = studies["random"].trials.query("stop_reason == 'finished'").head(5)
    trials = trials.assign(
        parameters=[100, 100, 200, 300, 300], val_accuracy=[0.8, 0.9, 0.9, 0.95, 0.95]
    )
    frame = pareto.table({"random": replace(studies["random"], trials=trials)})
    assert frame["val_accuracy"].tolist() == [0.9, 0.8, 0.9, 0.95, 0.95]
    assert frame["front"].tolist() == [True, False, False, True, False]


def test_pareto_areas_tell_epochs(studies: dict[str, Study], ax: Axes) -> None:
    """Half the epochs have half the area, and the legend gives the range."""
    study = studies["random"]
    trials = study.trials.assign(epochs_trained=[10, 20] * 32)
    frame = pareto.table({"random": replace(study, trials=trials)})
    pareto.draw(frame, ax)
    (marks,) = ax.collections
    areas = np.asarray(marks.get_sizes())  # type: ignore[attr-defined]
    np.testing.assert_allclose(areas * 20 / pareto.AREA, frame["epochs_trained"])
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_title().get_text() == "area: 10 to 20 epochs"


def test_pareto_names_the_smallest_that_is_nearly_as_good(studies: dict[str, Study]) -> None:
    """Within a point of the best counts as nearly; if none is smaller, that is said."""
    frame = pareto.table({"random": studies["random"]}).head(3)
    frame = frame.assign(parameters=[100, 200, 3000], front=True)
    near = pareto.title(frame.assign(val_accuracy=[0.90, 0.945, 0.95]))
    assert near == "Best: 3,000 parameters (95.0 %); within a point of it: 200 (94.5 %)"
    alone = pareto.title(frame.assign(val_accuracy=[0.90, 0.91, 0.95]))
    assert alone.endswith("none smaller comes within a point")


def test_pareto_of_nothing_finished(odd_study: Callable[..., Study]) -> None:
    """What diverged has no cost worth comparing."""
    with pytest.raises(style.NothingToDrawError, match="no trial was finished"):
        pareto.table({"odd": odd_study(8, diverged=1.0)})


def test_the_timeline_has_a_bar_a_trial(studies: dict[str, Study], ax: Axes) -> None:
    """A bar begins when its trial did, is as long as it took, and lies in its worker's strip."""
    study = studies["search"]
    frame = timeline_workers.table(study)
    timeline_workers.draw(frame, ax)
    bars = [bar for group in ax.containers for bar in group]
    assert sorted(bar.get_x() for bar in bars) == pytest.approx(sorted(study.timing["began"]))
    widths = sorted(bar.get_width() for bar in bars)
    assert widths == pytest.approx(sorted(study.timing["seconds"]))
    assert frame["row"].tolist() == (study.timing["number"] % 2).tolist()
    ticks = [ax.yaxis.get_major_formatter()(tick) for tick in ax.get_yticks()]
    assert ticks == ["worker 1", "worker 2"]
    assert (
        len([each for each in ax.lines if len(np.asarray(each.get_xdata())) == 2]) == 4
    )  # rounds


def test_the_timeline_counts_time_between_rounds_as_idle(studies: dict[str, Study]) -> None:
    """The busy share is training over two workers' wall time, from asking to telling."""
    timing = studies["search"].timing
    rounds = timing.groupby("asked")["told"].max()
    wall = (rounds - rounds.index).sum()
    frame = timeline_workers.table(studies["search"])
    assert frame.attrs["busy"] == pytest.approx(timing["seconds"].sum() / (2 * wall))
    share = f"{100 * frame.attrs['busy']:.0f} %"
    assert f"2 workers were busy {share} of the time" in timeline_workers.title(frame)


def test_a_night_between_two_runs_is_left_out(studies: dict[str, Study], ax: Axes) -> None:
    """A pause in which no program ran is cut, and said; what came before it stays."""
    study = studies["search"]
    later = study.timing["round"] >= 2
    moved = study.timing.copy()
    moved.loc[later, ["asked", "began", "told"]] += 40_000.0
    whole, cut = (timeline_workers.table(replace(study, timing=t)) for t in (study.timing, moved))
    np.testing.assert_allclose(cut["began"], whole["began"])
    timeline_workers.draw(cut, ax)
    assert ax.get_xlabel() == "wall time (seconds, without 1 pause)"
