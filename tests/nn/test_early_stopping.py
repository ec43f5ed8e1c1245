"""Early stopping: when training stops, and which weights are left."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from pipeline.nn import checkpoint
from pipeline.nn import fit as fit_module
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import evaluate, fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Optimizer
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe, State, start
from tests.nn.toys import NETWORK, MakeExamples, every_optimizer, history, rate, same, trained

Course = Sequence[tuple[int, float]]


def patient(patience: int | None, epochs: int, optimizer: Optimizer | None = None) -> Recipe:
    """A training that overshoots, so that validation goes up and down."""
    optimizer = optimizer or SGD()
    lr = 40 * rate(optimizer)
    return Recipe(
        optimizer,
        constant(lr),
        batch_size=8,
        epochs=epochs,
        patience=patience,
        dropout=Dropout(0.2, 0.4),
    )


def scripted(monkeypatch: pytest.MonkeyPatch, course: Course) -> None:
    """Have validation come out as written: hits out of 10, and loss, epoch by epoch."""
    figures = iter(course)

    def evaluate(mlp: MLP, theta: FloatArray, examples: Examples) -> tuple[float, np.ndarray]:
        hits, loss = next(figures)
        return loss, np.arange(10) < hits

    monkeypatch.setattr(fit_module, "evaluate", evaluate)


def run(
    make_examples: MakeExamples, patience: int | None, epochs: int = 50
) -> tuple[State, list[FloatArray]]:
    """The state after training, and theta as it was after each epoch."""
    state, thetas = start(NETWORK, SGD(), 1, np.float64), []
    train, val = make_examples(30), make_examples(10, seed=1)
    for _ in fit(NETWORK, state, train, val, patient(patience, epochs)):
        thetas.append(state.theta.copy())  # noqa: PERF401 - says what is kept
    return state, thetas


@pytest.mark.parametrize(
    ("course", "patience", "ends"),
    [
        ([(5, 1.0), (4, 1.0)], 1, (1, 2)),
        ([(5, 1.0), (4, 1.0), (4, 1.0), (4, 1.0)], 3, (1, 4)),
        ([(5, 1.0), (4, 1.0), (6, 1.0), (5, 1.0), (5, 1.0)], 2, (3, 5)),
        ([(5, 1.0), (6, 1.0), (7, 1.0), (7, 2.0)], 1, (3, 4)),
        ([(5, 1.0), (5, 0.9), (5, 0.8), (5, 0.9), (5, 0.8)], 2, (3, 5)),
        ([(5, 1.0), (5, 1.0), (5, 1.0)], 2, (1, 3)),
        ([(5, 1.0), (4, 0.1), (4, 0.1)], 2, (1, 3)),
        ([(5, 0.1), (6, 9.0), (5, 0.1)], 1, (2, 3)),
        ([(0, 1.0), (0, 1.0)], 1, (1, 2)),
    ],
    ids=[
        "worse at once",
        "patience",
        "patience starts again",
        "rising, then a worse loss",
        "ties broken by the loss",
        "an exact tie is no better",
        "a lower loss alone is no better",
        "a higher accuracy alone is",
        "nothing is ever right",
    ],
)
def test_training_stops_after_so_many_epochs_without_a_better_one(
    make_examples: MakeExamples,
    monkeypatch: pytest.MonkeyPatch,
    course: Course,
    patience: int,
    ends: tuple[int, int],
) -> None:
    """Better is a higher accuracy, or the same at a lower loss; the best epoch's weights stay."""
    best, last = ends
    scripted(monkeypatch, course)
    state, thetas = run(make_examples, patience)
    assert state.epoch == len(thetas) == last
    assert state.best is not None
    assert (state.best.epoch, state.best.val_loss) == (best, course[best - 1][1])
    assert state.best.val_accuracy == pytest.approx(course[best - 1][0] / 10)
    np.testing.assert_array_equal(state.theta, thetas[best - 1])
    assert not np.array_equal(state.theta, thetas[-1])


def test_best_weights_are_kept_when_epochs_run_out_first(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three epochs, the second the best, patience for ten: theta is that of the second."""
    scripted(monkeypatch, [(5, 1.0), (6, 1.0), (5, 1.0)])
    state, thetas = run(make_examples, patience=10, epochs=3)
    assert state.epoch == 3
    np.testing.assert_array_equal(state.theta, thetas[1])
    assert not np.array_equal(state.theta, thetas[2])


def test_last_epoch_may_be_the_best(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each epoch is better than the one before, all are trained and the last one stays."""
    scripted(monkeypatch, [(5, 1.0), (6, 1.0), (7, 1.0)])
    state, thetas = run(make_examples, patience=1, epochs=3)
    assert state.best is not None
    assert state.best.epoch == 3
    np.testing.assert_array_equal(state.theta, thetas[2])


def test_without_patience_no_epoch_is_remembered(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training goes on whatever validation says, and the last epoch's weights stay."""
    scripted(monkeypatch, [(9, 1.0), (5, 1.0), (1, 1.0)])
    state, thetas = run(make_examples, patience=None, epochs=3)
    assert state.best is None
    np.testing.assert_array_equal(state.theta, thetas[2])


def test_without_patience_an_earlier_best_epoch_is_not_brought_back(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that has lost patience is trained on without: the last epoch's weights stay."""
    scripted(monkeypatch, [(5, 1.0), (4, 1.0), (3, 1.0)])
    state, _ = run(make_examples, patience=1)
    train, how = make_examples(30), patient(None, epochs=3)
    (epoch,) = fit(NETWORK, state, train, make_examples(10, seed=1), how)
    assert epoch.index == state.epoch == 3
    assert state.best is not None
    assert not np.array_equal(state.theta, state.best.theta)


def test_early_stopping_needs_validation_examples(make_examples: MakeExamples) -> None:
    """Patience without validation examples breaks a rule, before anything is trained."""
    state = start(NETWORK, SGD(), 1, np.float64)
    rule = "^early stopping needs validation examples; give some, or no patience$"
    with pytest.raises(ValueError, match=rule):
        next(fit(NETWORK, state, make_examples(30), None, patient(3, 9)))
    assert (state.epoch, state.step) == (0, 0)


@every_optimizer
def test_what_is_kept_is_the_best_epoch_of_the_history(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """Unscripted: the weights left are those with the best figures of the whole history."""
    train, val = make_examples(30), make_examples(40, seed=1)
    state, epochs = trained(train, val, patient(4, 40, optimizer))
    best = max(epochs, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    assert state.best is not None
    assert state.best.epoch == best.index == min(len(epochs), max(1, len(epochs) - 4))
    loss, correct = evaluate(NETWORK, state.theta, val)
    assert (loss, correct.mean()) == (best.val_loss, best.val_accuracy)
    assert loss != epochs[-1].val_loss


@every_optimizer
def test_patience_changes_nothing_but_the_end(
    make_examples: MakeExamples, optimizer: Optimizer
) -> None:
    """The epochs until the stop are, bit for bit, those of a training without patience."""
    train, val = make_examples(30), make_examples(40, seed=1)
    _, stopped = trained(train, val, patient(4, 40, optimizer))
    _, whole = trained(train, val, patient(None, 40, optimizer))
    assert stopped == whole[: len(stopped)]
    assert len(stopped) < len(whole)


@every_optimizer
@pytest.mark.parametrize("stops", [(1,), (3,), (2, 1, 1)], ids=str)
def test_saved_and_continued_it_stops_where_it_would_have(
    make_examples: MakeExamples, tmp_path: Path, optimizer: Optimizer, stops: tuple[int, ...]
) -> None:
    """Through a file, once or again and again: the same history, best epoch and every bit."""
    train, val, how = make_examples(30), make_examples(40, seed=1), patient(4, 40, optimizer)
    whole, expected = trained(train, val, how)
    mlp, state, found = NETWORK, start(NETWORK, optimizer, 1, np.float64), []
    for epochs in stops:
        found += history(islice(fit(mlp, state, train, val, how), epochs))
        checkpoint.save_training(tmp_path / "training.npz", mlp, state)
        mlp, state = checkpoint.load_training(tmp_path / "training.npz")
    found += history(fit(mlp, state, train, val, how))
    assert same(state, whole)
    assert found == expected


def test_saved_after_the_end_it_stays_ended(make_examples: MakeExamples, tmp_path: Path) -> None:
    """A training that has lost patience has nothing left to do, loaded from a file too."""
    train, val, how = make_examples(30), make_examples(40, seed=1), patient(4, 40)
    state, _ = trained(train, val, how)
    checkpoint.save_training(tmp_path / "training.npz", NETWORK, state)
    mlp, loaded = checkpoint.load_training(tmp_path / "training.npz")
    assert list(fit(mlp, loaded, train, val, how)) == []
    assert same(loaded, state)
