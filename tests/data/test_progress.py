"""What a person sees of a training: lines or a bar while it lasts, then how it ended."""

import csv
import dataclasses
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from pipeline import progress, train
from pipeline.nn.fit import Epoch
from pipeline.nn.state import Diverged
from pipeline.progress import shown
from pipeline.settings import Trainer

FIRST = Epoch(
    index=1,
    train_loss=0.25,
    train_accuracy=0.9,
    val_loss=0.5,
    val_accuracy=0.875,
    learning_rate=0.001,
    seconds=0.0,
    val_correct=np.array([True]),
)
EPOCHS = [dataclasses.replace(FIRST, index=index) for index in range(1, 11)]
WORDS = "loss 0.2500, validation 87.50%, rate 0.001"
TRAINER = Trainer(hidden_size=(8,), batch_size=5, learning_rate=0.01, epochs=30)


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tests run in, rich takes captured output for what it is."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is written to a terminal that stands in for standard output."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    return file


def lines_of_epochs(*indexes: int) -> str:
    """The lines that these of ten epochs are told in."""
    return "".join(f"train: epoch {index} of 10, {WORDS}\n" for index in indexes)


def test_epochs_pass_unchanged() -> None:
    """Those who ask get the very epochs that were given, in their order."""
    found = list(shown(iter(EPOCHS), total=10))
    assert all(a is b for a, b in zip(found, EPOCHS, strict=True))


def test_no_epoch_is_trained_before_it_is_asked_for() -> None:
    """What is shown never runs ahead of those who ask."""
    left = iter(EPOCHS)
    next(shown(left, total=10))
    assert next(left).index == 2


def test_quick_training_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal, a training of under five seconds leaves no line, not even a blank."""
    list(shown(EPOCHS, total=10))
    assert capsys.readouterr() == ("", "")


def test_lines_are_seconds_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With two seconds an epoch, every third is told: five seconds or more after the last."""
    now = 100.0

    def slowly() -> Iterator[Epoch]:
        nonlocal now
        for epoch in EPOCHS:
            now += 2
            yield epoch

    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    list(shown(slowly(), total=10))
    assert capsys.readouterr() == (lines_of_epochs(3, 6, 9), "")


def test_slow_epochs_have_a_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where an epoch takes longer than the pause between lines, each is told as it comes."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    epochs = shown(EPOCHS, total=10)
    next(epochs)
    assert capsys.readouterr().out == lines_of_epochs(1)
    assert [epoch.index for epoch in epochs] == list(range(2, 11))
    assert capsys.readouterr().out == lines_of_epochs(*range(2, 11))


def test_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch, terminal: io.StringIO) -> None:
    """On a terminal there is a bar with the count and the figures, and no plain line."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    list(shown(EPOCHS, total=10))
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.getvalue())
    assert "10/10" in text
    assert WORDS in text
    assert "━" in text
    assert "epoch 1 of" not in text


def test_terminal_is_left_in_order_after_a_failure(terminal: io.StringIO) -> None:
    """A training that ends with an error passes it on and shows the cursor again."""

    def failing() -> Iterator[Epoch]:
        yield EPOCHS[0]
        raise Diverged(2, 3, 1.0)

    with pytest.raises(Diverged):
        list(shown(failing(), total=10))
    hidden, back = (terminal.getvalue().rfind(f"\x1b[?25{code}") for code in "lh")
    assert 0 <= hidden < back


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_line_after_a_training(workplace: Path) -> None:
    """Without patience the line names the last epoch's accuracy."""
    line = train.run(TRAINER, 1)
    history = read(workplace / "reports/train/history.csv")
    last = f"{float(history[-1]['val_accuracy']):.2%}"
    assert len(history) == 30
    assert line == f"train: validation accuracy {last} after epoch 30; see reports/train"


def test_line_after_early_stopping_names_the_kept_epoch(workplace: Path) -> None:
    """With patience the line names the best epoch; the predictions are that epoch's."""
    line = train.run(TRAINER.model_copy(update={"learning_rate": 0.1, "patience": 2}), 1)
    history = read(workplace / "reports/train/history.csv")
    best = max(history, key=lambda row: (float(row["val_accuracy"]), -float(row["val_loss"])))
    accuracy, kept, epochs = float(best["val_accuracy"]), int(best["epoch"]), len(history)
    assert kept + 2 == epochs < 30  # it did stop early
    assert accuracy > float(history[-1]["val_accuracy"])  # and the last epoch is another
    assert line == (
        f"train: validation accuracy {accuracy:.2%} with the weights of epoch {kept}, "
        f"the best of {epochs}; see reports/train"
    )
    predictions = read(workplace / "reports/train/predictions.csv")
    right = np.mean([row["label"] == row["predicted"] for row in predictions])
    assert right == pytest.approx(accuracy)
