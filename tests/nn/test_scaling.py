"""Training on some of the images, scaled in another way."""

from collections.abc import Callable

import numpy as np
import pytest

from pipeline import training
from pipeline.nn.examples import Examples
from pipeline.scaling import scaling, taken
from pipeline.settings import Trainer

MakeExamples = Callable[..., Examples]
SMALL = Trainer(hidden_size=(8,), epochs=2, batch_size=16)


def digits(n: int = 60, seed: int = 0) -> Examples:
    """Unit pixels, the first of which is always dark."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 12), dtype=np.float32)
    X[:, 0] = 0
    labels = rng.integers(3, size=n)
    return Examples(X, np.eye(3, dtype=np.float32)[labels], labels)


def losses(settings: Trainer, train: Examples, val: Examples) -> list[tuple[float, float]]:
    """What a training comes to, epoch by epoch."""
    return [(e.train_loss, e.val_loss) for e in training.begin(settings, train, val, 1)[2]]


def test_prepared_pixels_are_left_alone() -> None:
    """By default the very arrays enter the network, none copied."""
    train = digits()
    assert scaling(SMALL, train).of(train.X) is train.X
    assert np.shares_memory(taken(SMALL, train).X, train.X)
    assert len(taken(SMALL, train).X) == 60


def test_raw_pixels_are_255_times_unit_ones() -> None:
    """Unit pixels from 0 to 1 become 0 to 255 again."""
    train = digits()
    raw = scaling(SMALL.model_copy(update={"pixels": "raw"}), train).of(train.X)
    np.testing.assert_allclose(raw, 255 * train.X, rtol=1e-6)
    assert raw.dtype == np.float32


def test_standardized_pixels_are_fitted_to_the_images_taken() -> None:
    """Mean 0 and deviation 1 over the first 20, whatever the others are; a dark pixel stays 0."""
    train = digits()
    settings = SMALL.model_copy(update={"pixels": "standardized", "train_images": 20})
    X = scaling(settings, train).of(train.X)
    np.testing.assert_allclose(X[:20].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(X[:20, 1:].std(axis=0), 1, rtol=1e-5)
    assert not X[:, 0].any()
    others = train._replace(X=np.concatenate([train.X[:20], 5 * train.X[20:]]))
    np.testing.assert_array_equal(
        scaling(settings, others).offset, scaling(settings, train).offset
    )


@pytest.mark.parametrize("pixels", ["raw", "standardized"])
def test_training_is_that_on_scaled_images(pixels: str) -> None:
    """Training and validation images alike are scaled, before anything else happens."""
    train, val = digits(), digits(30, seed=1)
    settings = SMALL.model_copy(update={"pixels": pixels})
    scaled = scaling(settings, train)
    by_hand = losses(SMALL, scaled.examples(train), scaled.examples(val))
    assert losses(settings, train, val) == by_hand
    assert losses(SMALL, train, val) != by_hand


def test_training_takes_the_first_images() -> None:
    """`train_images` are the first ones, and no validation image fewer."""
    train, val = digits(), digits(30, seed=1)
    few = SMALL.model_copy(update={"train_images": 20})
    first = Examples(*(array[:20] for array in train))
    assert losses(few, train, val) == losses(SMALL, first, val)
