"""The search space: conditions, grids, and points that are spread over it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import RandomSampler

from pipeline import params
from pipeline.errors import UserError
from pipeline.nn.losses import find_loss
from pipeline.settings import Trainer
from pipeline.space_settings import Choices, FloatRange, IntRange, active, parents_first
from pipeline.study_settings import GridStudy, SampledStudy
from studies import space
from studies.build import proposer

ROOT = Path(__file__).parents[2]

DISTRIBUTIONS: dict[str, BaseDistribution] = {
    "float": FloatDistribution(-1.0, 3.0),
    "log": FloatDistribution(1e-4, 1.0, log=True),
    "steps": FloatDistribution(0.1, 0.5, step=0.1),
    "int": IntDistribution(3, 12),
    "int_steps": IntDistribution(2, 20, step=3),
    "int_log": IntDistribution(1, 64, log=True),
    "categorical": CategoricalDistribution(["a", None, 2, True]),
    "single": IntDistribution(5, 5),
}
WHEN = {"momentum": {"optimizer": ["momentum", "nesterov"]}, "late": {"momentum": [0.5]}}


def choices(*values: Any, when: Mapping[str, tuple[Any, ...]] | None = None) -> Choices:
    """A categorical dimension."""
    return Choices(type="categorical", choices=values, when=dict(when or {}))


def test_lists_survive_the_store() -> None:
    """A list is text in the store and a list again for the trainer; other values are untouched."""
    for choice in ((), (10,), (8, 12, 16), "adam", 16, 0.5, None, True):
        encoded = space.encode(choice)
        decoded = space.decode({"p": encoded})["p"]
        assert (tuple(decoded) if isinstance(choice, tuple) else decoded) == choice
        assert json.loads(json.dumps(encoded)) == encoded


def test_grid_is_every_combination_once() -> None:
    """Every combination, the last parameter turning fastest."""
    points = space.grid({"a": choices(1, 2), "b": choices("x", "y", "z")})
    assert points == [{"a": a, "b": b} for a in (1, 2) for b in "xyz"]


def test_grid_leaves_out_what_is_not_asked_for() -> None:
    """A point without an inactive parameter stands once, where the first of its kind stood."""
    dimensions = {
        "b": choices("sgd", "nesterov"),
        "a": choices(0.5, 0.9, when={"b": ("nesterov",)}),
        "c": choices((), (10,), when={"a": (0.9,)}),
    }
    expected: list[dict[str, Any]] = [
        {"b": "sgd"},
        {"a": 0.5, "b": "nesterov"},
        {"a": 0.9, "b": "nesterov", "c": "[]"},
        {"a": 0.9, "b": "nesterov", "c": "[10]"},
    ]
    assert sorted(map(str, space.grid(dimensions))) == sorted(map(str, expected))
    assert space.grid(dimensions)[:2] == [expected[0], expected[1]]
    study = GridStudy(sampler="grid", space=dimensions)
    assert study.trials == len(expected)


@pytest.mark.parametrize(
    ("optimizer", "momentum", "kept"),
    [
        ("sgd", 0.5, {"optimizer"}),  # `late` hangs on momentum, which is not asked for
        ("momentum", 0.5, {"optimizer", "momentum", "late"}),
        ("nesterov", 0.9, {"optimizer", "momentum"}),
    ],
)
def test_only_what_is_asked_for_is_active(optimizer: str, momentum: float, kept: set[str]) -> None:
    """Conditions hold down the line, wherever in the point the parameters stand."""
    point = {"late": 1, "momentum": momentum, "optimizer": optimizer}
    assert active(point, WHEN) == {name: point[name] for name in point if name in kept}


def test_all_conditions_must_hold() -> None:
    """A parameter with two conditions is asked for only when both hold."""
    both = {"c": {"a": [1], "b": [1, 2]}}
    assert "c" in active({"a": 1, "b": 2, "c": 0}, both)
    assert "c" not in active({"a": 1, "b": 3, "c": 0}, both)
    assert "c" not in active({"a": 2, "b": 2, "c": 0}, both)


def test_parents_come_first_and_the_rest_stays() -> None:
    """Without conditions the order is untouched; a circle is named."""
    assert parents_first(["z", "a", "m"], {}) == ["z", "a", "m"]
    assert parents_first(["late", "momentum", "optimizer"], WHEN)[0] == "optimizer"
    with pytest.raises(ValueError, match=r"^a, b$"):
        parents_first(["a", "b", "c"], {"a": {"b": [1]}, "b": {"a": [1]}})


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@given(u=st.floats(0, 1, exclude_max=True))
def test_values_lie_in_the_distribution(name: str, u: float) -> None:
    """Whatever the number drawn, the value is one that Optuna itself could have drawn."""
    distribution = DISTRIBUTIONS[name]
    value = space.value_at(distribution, u)
    assert distribution._contains(distribution.to_internal_repr(value))
    assert type(value) is type(distribution.to_external_repr(distribution.to_internal_repr(value)))


@pytest.mark.parametrize("name", ["float", "log", "steps", "int", "int_steps", "int_log"])
def test_values_are_spread_as_by_random_draws(name: str) -> None:
    """Even numbers make the deciles that Optuna's random draws have."""
    distribution = DISTRIBUTIONS[name]
    ours = [space.value_at(distribution, (i + 0.5) / 1000) for i in range(1000)]
    study, sampler = optuna.create_study(), RandomSampler(0)
    trial = optuna.trial.create_trial(value=0.0)
    drawn = [sampler.sample_independent(study, trial, name, distribution) for _ in range(4000)]
    levels = np.unique(np.quantile(drawn, [0.1, 0.3, 0.5, 0.7, 0.9], method="nearest"))
    for level in levels:
        assert np.mean(np.array(ours) <= level) == pytest.approx(
            np.mean(np.array(drawn) <= level), abs=0.03
        )


def test_every_choice_has_its_share() -> None:
    """Choices and steps take equal parts of the numbers, the last included."""
    for name, values in {"categorical": 4, "int": 10, "int_steps": 7, "steps": 5}.items():
        drawn = [space.value_at(DISTRIBUTIONS[name], (i + 0.5) / 700) for i in range(700)]
        counts = [drawn.count(value) for value in dict.fromkeys(drawn)]
        assert len(counts) == values
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize(
    ("when", "enqueue", "line"),
    [
        ({"logs": {}}, [], "when: logs is not a parameter of the space; did you mean log?"),
        (
            {"log": {"xyz": [1]}},
            [],
            "when: xyz is not a parameter of the space; known: " + ", ".join(DISTRIBUTIONS),
        ),
        (
            {"log": {"int": [4]}, "int": {"log": [1]}},
            [],
            "when: conditions must not run in a circle, but got one among log, int; drop one",
        ),
        ({}, [{"it": 4}], "enqueue.0.it is not a parameter of the space; did you mean int?"),
        (
            {},
            [{"int": 4}, {"int": 40}],
            "enqueue.1.int: must lie in IntDistribution(high=12, log=False, low=3, step=1), but "
            "is 40; change it",
        ),
        (
            {},
            [{"float": "much"}],
            "enqueue.0.float: must lie in FloatDistribution(high=3.0, log=False, low=-1.0, "
            "step=None), but is 'much'; change it",
        ),
        (
            {},
            [{"categorical": "z"}],
            "enqueue.0.categorical: must lie in CategoricalDistribution(choices=('a', None, 2, "
            "True)), but is 'z'; change it",
        ),
    ],
)
def test_what_does_not_go_with_the_space_is_named(
    when: Any, enqueue: list[dict[str, Any]], line: str
) -> None:
    """A user of the library, too, gets one line."""
    with pytest.raises(UserError) as caught:
        space.check(DISTRIBUTIONS, when, enqueue)
    assert str(caught.value) == line


def test_conditions_of_the_file_are_encoded() -> None:
    """Values that are lists are text in conditions, as they are in points."""
    dimensions = {
        "decay": choices((), (10,)),
        "factor": FloatRange(type="float", low=0.1, high=0.9, when={"decay": ((10,),)}),
        "units": IntRange(type="int", low=1, high=2),
    }
    assert space.conditions(dimensions) == {"factor": {"decay": ["[10]"]}}


EVERY_SETTING = """
  whole:
    sampler: random
    trials: 1
    space:
      hidden_size: {type: categorical, choices: [32, [64, 32]]}
      activation: {type: categorical, choices: [relu, gelu]}
      output: {type: categorical, choices: [softmax, tanh]}
      loss: {type: categorical, choices: [squared_error], when: {output: [tanh]}}
      biases: {type: categorical, choices: [true, false]}
      initializer: {type: categorical, choices: [he, normal]}
      initial_scale: {type: float, low: 0.001, high: 1, log: true, when: {initializer: [normal]}}
      precision: {type: categorical, choices: [float32, float64]}
      train_images: {type: int, low: 100, high: 3000, log: true}
      pixels: {type: categorical, choices: [prepared, raw, standardized]}
      optimizer: {type: categorical, choices: [momentum, nesterov, adam, adamw]}
      learning_rate: {type: float, low: 1.0e-4, high: 1, log: true}
      momentum: {type: float, low: 0.5, high: 0.99, when: {optimizer: [momentum, nesterov]}}
      batch_size: {type: int, low: 16, high: 128, step: 16}
      epochs: {type: int, low: 5, high: 40}
      patience: {type: categorical, choices: [null, 3]}
      schedule: {type: categorical, choices: [drops, steps, inverse_time]}
      decay_epochs: {type: categorical, choices: [[], [10]], when: {schedule: [drops]}}
      decay_to: {type: categorical, choices: [null, [0.01]], when: {decay_epochs: [[10]]}}
      decay_every: {type: int, low: 1, high: 10, when: {schedule: [steps]}}
      decay_factor: {type: float, low: 0.1, high: 0.9, when: {schedule: [drops, steps]}}
      decay_rate: {type: float, low: 0, high: 1, when: {schedule: [inverse_time]}}
      warm_up_epochs: {type: float, low: 0, high: 2, step: 0.5}
      l2: {type: float, low: 0, high: 0.1}
      weight_decay: {type: float, low: 0, high: 0.1, when: {optimizer: [adamw]}}
      dropout: {type: float, low: 0, high: 0.5}
      input_dropout: {type: float, low: 0, high: 0.5}
      label_smoothing: {type: float, low: 0, high: 0.2}
      clip: {type: categorical, choices: [null, 5.0]}
      clip_norm: {type: categorical, choices: [null, 1.0]}
"""


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
def test_every_trainer_setting_can_be_searched(tmp_path: Path, sampler: str) -> None:
    """Each setting may be a parameter; one that is not asked for keeps the trainer's value."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    whole = EVERY_SETTING.replace("random", sampler)
    (tmp_path / "params.yaml").write_text(text.replace("studies:\n", f"studies:{whole}", 1))
    loaded = params.load(tmp_path / "params.yaml")
    section = loaded.study("whole")
    assert isinstance(section, SampledStudy)
    assert section.space.keys() == Trainer.model_fields.keys()
    base = loaded.base_of("whole")
    for proposal in proposer(section).propose(range(20), []):
        settings = base.with_values(space.decode(proposal.params))
        for name in section.space.keys() - proposal.params.keys():
            assert getattr(settings, name) == getattr(base, name)
        find_loss(settings.loss, settings.output)
