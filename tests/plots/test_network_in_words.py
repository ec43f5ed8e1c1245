"""A network and its training, told in words."""

from typing import Any

import pytest

from analysis.network import described, schedule
from pipeline.settings import Trainer


def settings(**named: Any) -> dict[str, Any]:
    """Trainer settings as a study's file has them."""
    return Trainer(**named).model_dump(mode="json")


def test_default_network_is_told_in_one_sentence() -> None:
    """Units, optimizer, rate, batches and epochs are named; what is off is not."""
    assert described(settings()) == (
        "one hidden layer of 128 ReLU units, trained with Adam at learning rate 0.001 in batches "
        "of 64 for 20 epochs, the rate constant"
    )


def test_all_that_is_on_is_told() -> None:
    """Several layers, full batches, early stopping and each regularizer have their words."""
    told = described(
        settings(
            hidden_size=(64, 32),
            activation="gelu",
            optimizer="adamw",
            batch_size="full",
            patience=3,
            l2=0.1,
            weight_decay=0.01,
            dropout=0.5,
            input_dropout=0.2,
            label_smoothing=0.1,
            clip=5.0,
            clip_norm=1.0,
        )
    )
    assert told == (
        "2 hidden layers of 64-32 GELU units, trained with AdamW at learning rate 0.001 in one "
        "batch of all images for at most 20 epochs, the rate constant, L2 penalty 0.1, weight "
        "decay 0.01, 50% of hidden units dropped, 20% of pixels dropped, labels smoothed by 0.1, "
        "gradients clipped at 5, gradients scaled to length 1, stopped after 3 epochs without a "
        "better one"
    )


def test_a_network_without_hidden_layers_has_no_activation() -> None:
    """Nothing is said of units that are not there."""
    told = described(settings(hidden_size=()))
    assert told.startswith("no hidden layer, trained with Adam")
    assert "ReLU" not in told


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({}, "the rate constant"),
        ({"decay_epochs": (5,)}, "the rate times 0.1 after epoch 5"),
        ({"decay_epochs": (5, 8, 9)}, "the rate times 0.1 after epochs 5, 8 and 9"),
        ({"schedule": "steps", "decay_every": 3}, "the rate times 0.1 every 3 epochs"),
        ({"schedule": "exponential"}, "the rate times 0.1 in each epoch"),
        ({"schedule": "inverse_time"}, "the rate over 1 + 0.1 per epoch"),
        ({"schedule": "cosine"}, "the rate along half a cosine to 0"),
        (
            {"schedule": "warm_restarts"},
            "the rate along cosines to 0, the first of 10 epochs, then doubled",
        ),
        ({"warm_up_epochs": 2.0}, "the rate constant, after a warm-up of 2 epochs"),
    ],
    ids=str,
)
def test_every_schedule_has_its_words(named: dict[str, Any], words: str) -> None:
    """Each schedule is told with the numbers that make it."""
    assert schedule(settings(**named)) == words
