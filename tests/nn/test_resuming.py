"""A training on file: loaded and continued, it is the one that never stopped, bit for bit."""

import dataclasses
import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.nn import checkpoint
from pipeline.nn.checkpoint import ModelFileError
from pipeline.nn.fit import fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum, Optimizer
from pipeline.nn.regularizers import Dropout
from pipeline.nn.schedules import cosine, drops, warm_restarts, warm_up
from pipeline.nn.state import Best, Recipe, State, start
from tests.nn.toys import MakeExamples, every_optimizer, history, rate, same, trained

DEEP = MLP((4, 6, 5, 3), "gelu", "sigmoid", "mean_squared_error", biases=False)
SCHEDULES = {
    "cosine": cosine(0.05, 4),
    "drops after a warm-up": warm_up(drops(0.05, (2,)), 1.5),
    "warm restarts": warm_restarts(0.05, 1.5),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the training goes."""
    return tmp_path / "training.npz"


def recipe(optimizer: Optimizer, **rules: Any) -> Recipe:
    """Four epochs with dropout of inputs and hidden units, and a rate that moves."""
    how = Recipe(optimizer, cosine(rate(optimizer), 4), 8, 4, dropout=Dropout(0.1, 0.3))
    return dataclasses.replace(how, **rules)


def continued(path: Path, make_examples: MakeExamples, how: Recipe, **kinds: Any) -> None:
    """Save and load after every epoch; demand the bits of a training in one go."""
    dtype = kinds.get("dtype", np.float64)
    train, val = make_examples(30, dtype=dtype), make_examples(12, seed=1, dtype=dtype)
    mlp = kinds.get("mlp", DEEP)
    whole, expected = trained(train, val, how, mlp=mlp)
    state, found = start(mlp, how.optimizer, 1, dtype), []
    for _ in range(how.epochs):
        found += history(islice(fit(mlp, state, train, val, how), 1))
        checkpoint.save_training(path, mlp, state)
        loaded, state = checkpoint.load_training(path)
        assert loaded == mlp
    assert same(state, whole)
    assert found == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_optimizer
def test_continuing_from_a_file_equals_never_having_stopped(
    path: Path, make_examples: MakeExamples, optimizer: Optimizer, dtype: type
) -> None:
    """Every optimizer, with dropout, a moving rate, decay and clipping, epoch by epoch."""
    how = recipe(optimizer, weight_decay=0.01, clip_norm=1.0, label_smoothing=0.1)
    continued(path, make_examples, how, dtype=dtype)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_goes_on_where_it_was(
    path: Path, make_examples: MakeExamples, schedule: str
) -> None:
    """The rate follows from the epochs passed, which the file counts."""
    continued(path, make_examples, recipe(Adam(), schedule=SCHEDULES[schedule]))


@pytest.mark.parametrize("batch_size", [1, 7, 30])
@pytest.mark.parametrize("dropout", [None, Dropout(0.0, 0.5), Dropout(0.5, 0.0)], ids=str)
def test_every_stream_goes_on_where_it_was(
    path: Path, make_examples: MakeExamples, batch_size: int, dropout: Dropout | None
) -> None:
    """Shuffles and masks continue, whichever are drawn."""
    continued(path, make_examples, recipe(Momentum(), dropout=dropout, batch_size=batch_size))


def test_memory_is_flushed_at_the_same_steps(path: Path, make_examples: MakeExamples) -> None:
    """Steps are counted on across files: 120 of them, then some, with batches of one."""
    continued(path, make_examples, recipe(Adam(), batch_size=1, epochs=6), mlp=MLP((4, 5, 3)))


def states() -> dict[str, State]:
    """States of several makes: without memory, with a best epoch, of either precision."""
    plain, remembering = start(DEEP, SGD(), 3), start(DEEP, Adam(), 3, np.float64)
    remembering.memory[...] = np.random.default_rng(0).random(remembering.memory.shape)
    remembering.step, remembering.epoch = 12, 3
    remembering.shuffle.random(5)
    remembering.dropout.random(7, dtype=np.float32)  # half of a word is left over
    best = dataclasses.replace(
        remembering, best=Best(2, 0.1 + 0.2, 1 / 3, remembering.theta - 1.0)
    )
    return {"plain": plain, "remembering": remembering, "with a best epoch": best}


@pytest.mark.parametrize("name", states())
def test_what_is_saved_is_loaded(path: Path, name: str) -> None:
    """Network, arrays, counters, streams and best epoch come back as they were; so the bytes."""
    state = states()[name]
    checkpoint.save_training(path, DEEP, state)
    written = path.read_bytes()
    mlp, loaded = checkpoint.load_training(path)
    assert mlp == DEEP
    assert same(loaded, state)
    assert loaded.dropout.random() == state.dropout.random()
    checkpoint.save_training(path, DEEP, states()[name])
    assert path.read_bytes() == written


def test_any_numpy_can_read_it(path: Path) -> None:
    """Without this program and without pickles: the arrays, and a description in JSON."""
    state = states()["with a best epoch"]
    checkpoint.save_training(path, DEEP, state)
    with np.load(path, allow_pickle=False) as archive:
        assert sorted(archive) == ["best_theta", "description", "memory", "theta"]
        np.testing.assert_array_equal(archive["memory"], state.memory)
        description = json.loads(str(archive["description"]))
    assert (description["step"], description["epoch"]) == (12, 3)
    assert description["shuffle"]["bit_generator"] == "PCG64"


def rewrite(path: Path, described: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Change parts of a file; a part that becomes None is left out."""
    with np.load(path) as archive:
        parts = dict(archive) | arrays
    description = json.loads(str(parts["description"])) | described
    kept = {k: v for k, v in description.items() if v is not ...}
    parts["description"] = np.array(json.dumps(kept))
    np.savez(path, **{k: v for k, v in parts.items() if v is not None})


@pytest.mark.parametrize(
    ("described", "arrays"),
    [
        ({}, {"theta": None}),
        ({}, {"memory": None}),
        ({}, {"best_theta": None}),
        ({}, {"memory": np.array([None])}),
        ({}, {"memory": np.zeros((2, DEEP.size), int)}),
        ({"step": ...}, {}),
        ({"step": "many"}, {}),
        ({"epoch": None}, {}),
        ({"best": [1]}, {}),
        ({"best": ...}, {}),
        ({"shuffle": ...}, {}),
        ({"dropout": {"bit_generator": "MT19937"}}, {}),
        ({"dropout": {"bit_generator": "PCG64", "state": {"state": -1}}}, {}),
        ({"shuffle": 7}, {}),
        ({"network": {"widths": [4]}}, {}),
    ],
    ids=lambda part: str(part)[:50],
)
def test_training_with_a_wrong_part_is_refused(
    path: Path, described: dict[str, Any], arrays: dict[str, Any]
) -> None:
    """A part that is missing or makes no sense spoils the file."""
    checkpoint.save_training(path, DEEP, states()["with a best epoch"])
    rewrite(path, described, arrays)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load_training(path)
    damaged = "is damaged or is no handtuned training; train it again"
    assert str(caught.value) == f"{path} {damaged}"


@pytest.mark.parametrize(
    ("described", "arrays", "rule"),
    [
        ({"version": 1}, {}, "must be a handtuned training of version 2; train it again"),
        ({"format": "other"}, {}, "must be a handtuned training of version 2; train it again"),
        ({}, {"theta": np.zeros(5)}, "must hold 69 parameters, but holds 5; train it again"),
        (
            {},
            {"memory": np.zeros((2, 68))},
            "must hold 69 parameters, but holds 68; train it again",
        ),
        (
            {},
            {"best_theta": np.zeros(70)},
            "must hold 69 parameters, but holds 70; train it again",
        ),
    ],
    ids=["version", "format", "theta", "memory", "best theta"],
)
def test_training_of_another_make_is_refused_by_name(
    path: Path, described: dict[str, Any], arrays: dict[str, Any], rule: str
) -> None:
    """Another version, and arrays of another length, are told apart from damage."""
    checkpoint.save_training(path, DEEP, states()["with a best epoch"])
    rewrite(path, described, arrays)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load_training(path)
    assert str(caught.value) == f"{path} {rule}"


def test_rewritten_file_without_changes_is_accepted(path: Path) -> None:
    """What the two tables above change is the only thing wrong with their files."""
    checkpoint.save_training(path, DEEP, states()["with a best epoch"])
    rewrite(path, {}, {})
    assert same(checkpoint.load_training(path)[1], states()["with a best epoch"])
