"""The tables stage and the frames behind it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas import DataFrame

from analysis import digits, history, iterations, leaderboard, load, summary, tables, words
from analysis.load import Study
from analysis.statistics import mean_accuracy
from pipeline.errors import UserError

EACH_SEARCH = ("val_accuracy", "epochs", "diverged")  # what metrics.json says of each


@pytest.fixture(scope="module")
def written(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports with their tables, made far from any params.yaml."""
    folder = tmp_path_factory.mktemp("tables")
    copy = Path(shutil.copytree(reports, folder / "reports"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        tables.main(copy)
    return copy


def test_every_table_is_written(written: Path) -> None:
    """One CSV for machines; Markdown for people beside what they read."""
    names = sorted(path.name for path in (written / "tables").iterdir())
    told = ("confirm", "final", "importance", "iteration_history", "leaderboard", "pareto")
    told += ("per_digit", "studies")
    plain = ("calibration", "cost", "history")
    assert names == sorted(
        [f"{stem}.csv" for stem in (*told, *plain)] + [f"{stem}.md" for stem in told]
    )


def test_accuracies_say_their_split(written: Path) -> None:
    """Every table with an accuracy has a split; only what was tested is on test images."""
    splits = {name: {"test"} for name in ("calibration", "final", "per_digit")}
    splits["history"] = {"train", "val"}
    for path in (written / "tables").glob("*.csv"):
        frame = pd.read_csv(path)
        if frame.columns.str.contains("accuracy").any():
            assert set(frame["split"]) == splits.get(path.stem, {"val"}), path.stem
        else:
            assert path.stem == "importance"


def test_tables_repeat_byte_for_byte(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run writes the same bytes."""
    monkeypatch.chdir(written.parent)
    before = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    tables.main(written)
    assert before == {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}


def test_metrics_are_few_and_flat(written: Path) -> None:
    """About ten numbers; first the mean test accuracy over seeds, then the confirmed winner's."""
    numbers = json.loads((written / "metrics.json").read_text())
    assert all(isinstance(value, int | float) for value in numbers.values())
    first = ("test_accuracy", "test_low", "test_high", "val_accuracy_confirm")
    searches = [f"{name}_{key}" for key in ("random", "search") for name in EACH_SEARCH]
    assert list(numbers) == [*first, "val_accuracy_train", *searches]
    right = load.final(written).right()
    assert numbers["test_accuracy"] == pytest.approx(right.mean())
    assert (numbers["test_low"], numbers["test_high"]) == pytest.approx(mean_accuracy(right))
    confirmed = pd.read_csv(written / "tables" / "confirm.csv")
    assert numbers["val_accuracy_confirm"] == confirmed["val_accuracy"].max()


def test_no_study_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty reports name the command that fills them."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="must hold a study, but holds none; run make repro"):
        tables.main(tmp_path / "reports")


def test_without_a_final_network_the_rest_is_written(
    reports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A search that is not final yet has tables; a line says what is left out."""
    shutil.copytree(reports / "studies" / "random", tmp_path / "reports" / "studies" / "random")
    monkeypatch.chdir(tmp_path)
    tables.main(tmp_path / "reports")
    told = capsys.readouterr().err
    assert "confirm left out" in told
    assert "per_digit left out" in told
    assert (tmp_path / "reports" / "tables" / "leaderboard.csv").is_file()
    assert "test_accuracy" not in (tmp_path / "reports" / "metrics.json").read_text()


def test_without_a_space_there_is_no_front(
    reports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of fixed variants alone no front is written, and a line says why."""
    own = tmp_path / "reports" / "studies" / "iterations"
    shutil.copytree(reports / "studies" / "iterations", own)
    monkeypatch.chdir(tmp_path)
    tables.main(tmp_path / "reports")
    assert "pareto left out: no trial was finished" in capsys.readouterr().err
    assert not (tmp_path / "reports" / "tables" / "pareto.csv").exists()


def test_iterations_are_diagnosed_in_order(studies: dict[str, Study]) -> None:
    """The two broken steps are found, the first by its gradient."""
    frame = iterations.table(studies["iterations"])
    assert frame["iteration"].tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["issue"].iloc[0] == "wrong gradient, caught by the check; diverged"
    assert frame["issue"].iloc[4] == "diverged"
    assert "underfits" in frame["issue"].iloc[1]
    assert frame["configuration"].iloc[4] == "1024 units, rate 0.15"


def test_iterations_have_intervals_around_their_means(studies: dict[str, Study]) -> None:
    """Every mean lies inside its interval, and the change is the difference of the means."""
    whole = iterations.table(studies["iterations"])
    frame = whole.dropna(subset="low")
    assert set(whole["variant"]) - set(frame["variant"]) == {"wrong_gradient", "rate_too_high"}
    assert (frame["low"] < frame["val_accuracy"]).all()
    assert (frame["val_accuracy"] < frame["high"]).all()
    assert whole["change"].iloc[1:].to_numpy() == pytest.approx(
        whole["val_accuracy"].diff().iloc[1:].to_numpy()
    )
    assert pd.isna(whole["change"].iloc[0])
    assert whole["change_low"].isna().tolist() == [True, True, False, False, True, True]


def test_steps_without_published_values_are_told(
    studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variants of one's own have nothing published beside them, and words all the same."""
    monkeypatch.setattr(iterations, "PUBLISHED", {})
    frame = iterations.table(studies["iterations"])
    told = summary.beside_published(frame)
    assert len(told) == len(frame)
    assert all("no accuracy was published" in line for line in told)


def test_published_values_are_their_own_column(studies: dict[str, Study]) -> None:
    """What a write-up claims is never mixed with what was measured."""
    frame = iterations.table(studies["iterations"])
    assert frame["published_accuracy"].iloc[-1] == 0.9425
    assert "94.25 %" in iterations.markdown(frame)


def test_a_diverged_seed_counts_as_guessing(studies: dict[str, Study]) -> None:
    """Its stored bits mean nothing; it scores chance on every image."""
    study = studies["iterations"]
    diverged = study.trials[study.trials["feasible"] == 0]
    assert (iterations.scores(study, diverged) == 0.1).all()


def test_the_leaderboard_joins_the_searches(studies: dict[str, Study]) -> None:
    """The best 20 of search and random, sorted; neither the grid nor pruned trials."""
    frame = leaderboard.table(studies)
    assert len(frame) == 20
    assert set(frame["study"]) == {"search", "random"}
    assert frame["val_accuracy"].is_monotonic_decreasing
    states = studies["search"].trials.set_index("number")["state"]
    assert (states.loc[frame.loc[frame["study"] == "search", "number"]] == "COMPLETE").all()


def test_the_leader_ties_with_itself_only_where_images_say_so(studies: dict[str, Study]) -> None:
    """`tied` is McNemar's p above 5 %: true for the leader, false at the end of this list."""
    frame = leaderboard.table(studies)
    assert frame["p_value"].iloc[0] == 1.0
    assert frame["tied"].tolist() == (frame["p_value"] > 0.05).tolist()
    assert frame["tied"].iloc[0]
    assert not frame["tied"].iloc[-1]


def test_a_study_without_a_finished_trial_has_no_best(odd_study: Callable[..., Study]) -> None:
    """All pruned: the overview says so instead of failing."""
    study = odd_study(8, pruned=1.0, diverged=0.0)
    frame = leaderboard.overview({"odd": study})
    assert frame["complete"].tolist() == [0]
    assert "nothing finished" in leaderboard.overview_markdown(frame)
    assert leaderboard.table({"odd": study}).empty


def test_cost_has_one_row_a_trial(studies: dict[str, Study]) -> None:
    """Seconds stand beside what they bought."""
    frame = tables.cost(studies)
    assert len(frame) == sum(len(study.trials) for study in studies.values())
    assert (frame["seconds"] > 0).all()


def test_the_history_has_one_row_an_epoch_and_split(studies: dict[str, Study]) -> None:
    """Nothing of any study's own history is lost, and no row stands there twice."""
    frame = history.table(studies.values())
    key = ["study", "number", "epoch", "split"]
    assert len(frame) == 2 * sum(len(study.history) for study in studies.values())
    assert not frame.duplicated(key).any()
    assert list(dict.fromkeys(frame["study"])) == list(studies)
    for name, study in studies.items():
        rows = frame[frame["study"] == name]
        for split in history.SPLITS:
            half = rows[rows["split"] == split].reset_index(drop=True)
            for what in ("accuracy", "loss"):
                expected = study.history[f"{split}_{what}"].rename(what)
                pd.testing.assert_series_equal(half[what], expected)
        assert rows[["number", "epoch"]].apply(tuple, axis=1).is_monotonic_increasing


def test_the_history_holds_what_was_trained_again(written: Path) -> None:
    """The stage confirm is a study like the others; so large a table stays small."""
    path = written / "tables" / "history.csv"
    frame = pd.read_csv(path)
    assert list(frame["study"].unique()) == ["grid", "iterations", "random", "search", "confirm"]
    assert path.stat().st_size / len(frame) < 80  # bytes: 300 trials of 20 epochs are a megabyte


def test_pareto_marks_the_front_of_every_space(studies: dict[str, Study]) -> None:
    """Finished trials of searches and grids by size, each with its split; no fixed variants."""
    frame = tables.pareto(studies)
    assert set(frame["study"]) == {"search", "random", "grid"}
    assert frame["parameters"].is_monotonic_increasing
    assert frame.loc[frame["front"], "val_accuracy"].is_monotonic_increasing
    assert 0 < frame["front"].sum() < len(frame)


def test_calibration_counts_every_image_once(reports: Path) -> None:
    """Bins of as many images, from the least sure to the surest, each with its interval."""
    frame = tables.calibration(load.final(reports).predictions)
    assert frame["bin"].tolist() == list(range(1, 11))
    assert frame["images"].sum() == 1000
    assert frame["probability"].is_monotonic_increasing
    assert frame["accuracy"].between(frame["low"], frame["high"]).all()


def test_digits_count_what_they_are_taken_for(reports: Path) -> None:
    """Three is made up to be taken for five, and zero never mistaken."""
    frame = digits.table(load.final(reports).predictions)
    assert frame["images"].sum() == 1000
    assert frame["taken_for"].iloc[3] == 5
    wrong = frame["images"] - frame["correct"]
    assert (frame["times_taken"] <= wrong).all()


def test_markdown_aligns_numbers_and_keeps_columns() -> None:
    """A bar inside a cell cannot start a new column."""
    text = words.markdown(DataFrame({"n": [1], "name": ["a|b"]}), "A note.")
    assert text == "| n | name |\n| --: | --- |\n| 1 | a/b |\n\nA note.\n"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hidden_size": [256, 64]}, "256-64 units, rate 0.01"),
        ({"hidden_size": []}, "no units, rate 0.01"),
        ({"clip": None}, "128 units, rate 0.01, no clip"),
        ({"fault": "output_error_sign"}, "128 units, rate 0.01, with output error sign wrong"),
    ],
    ids=["layers", "linear", "none", "fault"],
)
def test_configurations_in_words(change: dict[str, object], expected: str) -> None:
    """Units and rate always, then what was changed."""
    assert words.configuration({"hidden_size": [128], "learning_rate": 0.01}, change) == expected
