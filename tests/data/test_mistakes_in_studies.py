"""The one line that each mistake in a study of `params.yaml` gets."""

import re
from pathlib import Path

import pytest
from optuna import samplers

from pipeline import params
from pipeline.study_settings import refusal
from tests.data.test_mistakes_in_params import COMMITTED, SPACE_END, SPACE_START, edited
from tests.data.test_mistakes_in_params import refusal as line_for

STATE = "keeps a state between trials that no repeatable parallel study can carry; use tpe"
GENERATIONS = "breeds generations for several objectives, and here there is one; use tpe"
REFUSED = {
    "cmaes": STATE,
    "CmaEsSampler": STATE,
    "gp": "needs PyTorch, which is not installed with this program; use tpe",
    "auto": "downloads its parts as it runs, so that no study could be repeated; use tpe",
    "nsgaii": GENERATIONS,
    "nsga_iii": GENERATIONS,
    "brute_force": "is what grid does, in an order that is known beforehand; use grid",
    "partial_fixed": "holds parameters fixed: write them under settings, not in the space",
}


@pytest.mark.parametrize(("sampler", "reason"), REFUSED.items())
def test_sampler_that_does_not_fit_gets_its_reason(
    tmp_path: Path, sampler: str, reason: str
) -> None:
    """Each stock sampler that studies do without is refused for a reason of its own."""
    line = line_for(tmp_path, edited("sampler: tpe", f"sampler: {sampler}"))
    assert line == f"params.yaml: studies.search.sampler: {sampler} {reason}"


def test_every_stock_sampler_is_known() -> None:
    """A sampler of Optuna is one of ours, or refused for a reason."""
    stock = [name for name in samplers.__all__ if re.fullmatch(r"(?!Base)\w+Sampler", name)]
    ours = {"TPESampler", "RandomSampler", "QMCSampler", "GridSampler"}
    assert len(stock) > len(ours)
    assert [name for name in set(stock) - ours if not refusal(name)] == []


PRUNERS = {
    "{type: hyperband}": ".max_epochs is missing; add it",
    "{type: hyperband, max_epochs: 9.5}": (
        ".max_epochs: input should be a valid integer, but got 9.5"
    ),
    "{type: hyperband, max_epochs: 4, min_epochs: 8}": (
        ": `min_epochs <= max_epochs` must hold, but got min_epochs=8, max_epochs=4; change one"
    ),
    "{type: successive_halving, reduction_factor: 1}": (
        ".reduction_factor: input should be greater than or equal to 2, but got 1"
    ),
    "{type: percentile, percentile: 101}": (
        ".percentile: input should be less than or equal to 100, but got 101"
    ),
    "{type: patient}": ".patience is missing; add it",
    "{type: patient, patience: 2, inner: {type: median, warmup: 1}}": (
        ".inner.warmup is not a known key; did you mean warmup_epochs?"
    ),
    "{type: patient, patience: 2, inner: {type: patient}}": (
        ".inner.type: input should be one of 'median', 'percentile', 'successive_halving', "
        "'hyperband', but got \"patient\""
    ),
}


@pytest.mark.parametrize(("pruner", "rule"), PRUNERS.items())
def test_mistake_in_a_pruner_gets_one_line(tmp_path: Path, pruner: str, rule: str) -> None:
    """A pruner's keys are checked as its type wants them."""
    text = edited(
        "{type: percentile, percentile: 25.0, warmup_epochs: 3, startup_trials: 5}", pruner
    )
    assert line_for(tmp_path, text) == f"params.yaml: studies.search.pruner{rule}"


CONDITIONS = {
    "{optimiser: [sgd]}": (
        ".hidden_size.when.optimiser is not a parameter of the space; did you mean optimizer?"
    ),
    "{xyz: [sgd]}": (
        ".hidden_size.when.xyz is not a parameter of the space; known: hidden_size, "
        "learning_rate, batch_size, optimizer, decay_epochs"
    ),
    "{learning_rate: [0.1]}": (
        ".hidden_size.when.learning_rate: a condition needs a categorical or int parameter, but "
        "got float"
    ),
    "{optimizer: [adam, nesterov]}": (
        '.hidden_size.when.optimizer.1: input should be one of "sgd", "momentum", "adam", but got '
        '"nesterov"'
    ),
    "{batch_size: [true]}": (
        ".hidden_size.when.batch_size.0: input should be one of 16, 32, 64, 128, 256, but got true"
    ),
    "{optimizer: sgd}": '.hidden_size.when.optimizer: input should be a list, but got "sgd"',
    "{optimizer: []}": ".hidden_size.when.optimizer: input should not be empty, but got []",
    "{hidden_size: [16]}": (
        ": conditions must not run in a circle, but got one among hidden_size; drop a when"
    ),
}


@pytest.mark.parametrize(("when", "rule"), CONDITIONS.items())
def test_mistake_in_a_condition_gets_one_line(tmp_path: Path, when: str, rule: str) -> None:
    """A condition names a parameter of the space, and values that this can have."""
    text = edited("low: 16, high: 512, log: true", f"low: 16, high: 512, when: {when}")
    assert line_for(tmp_path, text) == f"params.yaml: studies.search.space{rule}"


ENQUEUED = {
    "{hidden_size: 64}": ': input should be a list, but got {"hidden_size": 64}',
    "[{hidden_size: 64}, {hiden_size: 64}]": (
        ".1.hiden_size is not a parameter of the space; did you mean hidden_size?"
    ),
    "[{hidden_size: 600}]": (
        ".0.hidden_size: input should be a whole number from 16 to 512, but got 600"
    ),
    "[{hidden_size: 64.0}]": (
        ".0.hidden_size: input should be a whole number from 16 to 512, but got 64.0"
    ),
    "[{learning_rate: 2}]": (
        ".0.learning_rate: input should be a number from 0.0001 to 1.0, but got 2"
    ),
    "[{optimizer: adamw}]": (
        '.0.optimizer: input should be one of "sgd", "momentum", "adam", but got "adamw"'
    ),
}


@pytest.mark.parametrize(("points", "rule"), ENQUEUED.items())
def test_mistake_in_a_point_to_try_first_gets_one_line(
    tmp_path: Path, points: str, rule: str
) -> None:
    """Each value of each point lies in the space."""
    text = edited("trials: 96", f"trials: 96\n    enqueue: {points}")
    assert line_for(tmp_path, text) == f"params.yaml: studies.search.enqueue{rule}"


def with_space(text: str) -> str:
    """The committed text with the search in another space."""
    start, end = COMMITTED.index(SPACE_START), COMMITTED.index(SPACE_END)
    return f"{COMMITTED[:start]}    space: &space\n{text}\n{COMMITTED[end:]}"


CONDITIONAL = """
      optimizer: {type: categorical, choices: [sgd, momentum]}
      momentum: {type: float, low: 0.5, high: 0.9, when: {optimizer: [momentum]}}
      l2: {type: float, low: 0, high: 1, step: 0.25, when: {optimizer: [sgd]}}
    enqueue: [{%s}]
"""
ELSEWHERE = '.momentum is asked for only when optimizer is "momentum"; say so in the same point'


@pytest.mark.parametrize(
    ("point", "rule"),
    [
        ("momentum: 0.6", ELSEWHERE),
        ("momentum: 0.6, optimizer: sgd", ELSEWHERE),
        (
            "optimizer: sgd, l2: 0.3",
            ".l2: input should be a number from 0.0 to 1.0 in steps of 0.25, but got 0.3",
        ),
    ],
)
def test_point_that_breaks_a_condition_gets_one_line(
    tmp_path: Path, point: str, rule: str
) -> None:
    """A point to try first may not set what is not asked for there, nor miss a step."""
    line = line_for(tmp_path, with_space(CONDITIONAL % point))
    assert line == f"params.yaml: studies.search.enqueue.0{rule}"


LOSSES = """
      output: {type: categorical, choices: [softmax, tanh]}
      loss: {type: categorical, choices: [squared_error, mean_squared_error]%s}
"""


def test_losses_are_checked_where_they_are_asked_for(tmp_path: Path) -> None:
    """A loss may hang on the output it goes with; elsewhere the trainer's own must go with it."""
    path = tmp_path / "params.yaml"
    wrong = "but got 'softmax'"
    needs = "squared_error needs an output out of identity, sigmoid, tanh, relu, leaky_relu, elu, "
    for when in ("", ", when: {output: [softmax]}"):
        line = line_for(tmp_path, with_space(LOSSES % when))
        assert line == f"params.yaml: studies.search: {needs}gelu, {wrong}"
    path.write_text(with_space(LOSSES % ", when: {output: [tanh]}"), encoding="utf-8")
    assert params.load(path).studies["search"].trials == 96
