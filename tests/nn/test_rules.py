"""What a recipe, an optimizer, a schedule, a state and labels must be: told by rule and value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.nn import checkpoint
from pipeline.nn.checkpoint import Model, ModelFileError
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import (
    SGD,
    TINY,
    Adam,
    AveragedMomentum,
    Momentum,
    Nesterov,
    RMSProp,
    steps_between_flushes,
)
from pipeline.nn.schedules import constant, cosine, rising, steps, warm_restarts, warm_up
from pipeline.nn.state import Recipe, start

SOUND: dict[str, Any] = {
    "optimizer": SGD(),
    "schedule": constant(0.1),
    "batch_size": 4,
    "epochs": 1,
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number from 1, but got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number from 1, but got 2.5"),
        ({"epochs": -1}, "epochs must be a whole number from 0, but got -1"),
        ({"patience": 0}, "patience must be a whole number from 1, but got 0"),
        ({"l2": -1.0}, "l2 must be 0 or more, and finite, but got -1.0"),
        ({"weight_decay": np.nan}, "weight_decay must be 0 or more, and finite, but got nan"),
        ({"label_smoothing": 1.0}, r"label_smoothing must be in \[0, 1\), but got 1.0"),
        ({"clip": -5.0}, "clip must be 0 or more, and finite, but got -5.0"),
        ({"clip_norm": np.inf}, "clip_norm must be 0 or more, and finite, but got inf"),
    ],
    ids=str,
)
def test_recipe_keeps_its_rules(wrong: dict[str, Any], message: str) -> None:
    """A number that no training can use is refused before one begins."""
    with pytest.raises(ValueError, match=message):
        Recipe(**SOUND | wrong)


def test_numbers_of_a_recipe_are_pythons() -> None:
    """NumPy's float64 numbers would lift float32 arrays to float64."""
    how = Recipe(**SOUND, l2=np.float64(0.1), clip=np.float64(1), weight_decay=np.float32(0.5))
    assert {type(each) for each in (how.l2, how.clip, how.weight_decay)} == {float}


@pytest.mark.parametrize("kind", [Momentum, Nesterov, AveragedMomentum, RMSProp])
@pytest.mark.parametrize("beta", [1.0, 1.5, -0.5])
def test_beta_is_in_zero_to_one(kind: Callable[[float], object], beta: float) -> None:
    """A memory that never fades, or changes its sign, is refused."""
    with pytest.raises(ValueError, match=rf"beta must be in \[0, 1\), but got {beta}"):
        kind(beta)


@pytest.mark.parametrize("name", ["beta1", "beta2"])
def test_betas_of_adam_are_in_zero_to_one(name: str) -> None:
    """Either moment must fade."""
    with pytest.raises(ValueError, match=rf"{name} must be in \[0, 1\), but got 1.0"):
        Adam(**{name: 1.0})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: steps(0.1, every=0), "every must be positive, but got 0"),
        (lambda: cosine(0.1, epochs=0), "epochs must be positive, but got 0"),
        (lambda: warm_restarts(0.1, period=0), "period must be positive, but got 0"),
        (lambda: warm_restarts(0.1, 1, growth=0.5), "growth must be 1 or more, but got 0.5"),
        (lambda: warm_up(constant(0.1), epochs=0), "epochs must be positive, but got 0"),
        (lambda: rising(0.0, 1.0, epochs=1), "low must be positive, but got 0"),
    ],
    ids=["steps", "cosine", "period", "growth", "warm-up", "rising"],
)
def test_schedules_keep_their_rules(make: Callable[[], object], message: str) -> None:
    """What would divide by zero, or never end, is refused when the schedule is made."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("dtype", [np.float16, np.int32])
def test_precision_is_single_or_double(dtype: type) -> None:
    """Other types of numbers are refused when a training starts."""
    with pytest.raises(ValueError, match="dtype must be float32 or float64, but got"):
        start(MLP((4, 3)), SGD(), 1, dtype)


@pytest.mark.parametrize(
    "labels", [np.array([0, 1, 3]), np.array([0, -1, 2]), np.array([0.0, 1.0, 2.0])], ids=str
)
def test_labels_name_outputs(labels: Any) -> None:
    """A label that is no output's number is refused: it could never be right."""
    train = Examples(np.ones((3, 4)), np.eye(3), labels)
    state = start(MLP((4, 3)), SGD(), 1, np.float64)
    with pytest.raises(ValueError, match="labels must be whole numbers from 0 to 2"):
        next(fit(MLP((4, 3)), state, train, None, Recipe(**SOUND)))


@pytest.mark.parametrize("name", ["theta", "offset", "scale"])
def test_model_of_numbers_that_are_none_is_refused(tmp_path: Path, name: str) -> None:
    """A file whose parameters or scales are not finite gives one line, not a prediction."""
    mlp, path = MLP((4, 3)), tmp_path / "model.npz"
    arrays = {"theta": np.zeros(mlp.size), "offset": np.zeros(4), "scale": np.ones(4)}
    arrays[name][1] = np.nan
    checkpoint.save(path, Model(mlp, **arrays, classes=("a", "b", "c")))
    with pytest.raises(ModelFileError, match="must hold finite numbers, scales not 0"):
        checkpoint.load(path)


@pytest.mark.parametrize("decay", [0.999, 0.9, 0.87, 0.5, 0.1, 0.01])
def test_moments_are_flushed_before_they_are_subnormal(decay: float) -> None:
    """However fast moments decay, what a flush leaves is not subnormal at the next one."""
    steps_between = steps_between_flushes(decay)
    assert 1 <= steps_between <= 128
    assert TINY * decay**steps_between > np.finfo(np.float32).tiny
