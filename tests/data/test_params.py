"""What the committed `params.yaml` holds, and how its sections are laid over one another."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from pipeline import params
from pipeline.errors import UserError
from pipeline.params import Params
from pipeline.pruner_settings import NoPruning, PercentilePruning
from pipeline.settings import Train, Trainer
from pipeline.study_settings import GridStudy, SampledStudy
from pipeline.workspace import merged

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/own-study.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def committed() -> Params:
    """The committed file, read."""
    return params.load(ROOT / "params.yaml")


def test_schema_beside_the_file_is_current() -> None:
    """`params.schema.json` is what `params.schema()` makes."""
    assert (ROOT / "params.schema.json").read_text(encoding="utf-8") == params.schema()


def test_committed_defaults(committed: Params) -> None:
    """Training starts from one hidden layer and 20 epochs on 3,000 images."""
    assert committed.trainer.hidden_size == (128,)
    assert committed.trainer.epochs == 20
    assert committed.data.sizes.model_dump() == {"train": 3000, "val": 1000, "test": 1000}
    assert committed.data.pixels == "unit"
    assert (committed.confirm.study, committed.confirm.baseline) == ("search", "random")
    assert len(committed.confirm.seeds) == len(committed.final.seeds) == 5


def test_committed_search(committed: Params) -> None:
    """Ninety-six trials in rounds of sixteen; after three epochs the best quarter goes on."""
    search = committed.studies["search"]
    assert isinstance(search, SampledStudy)
    assert (search.sampler, search.trials, search.round_size) == ("tpe", 96, 16)
    assert search.pruner == PercentilePruning(
        type="percentile", percentile=25.0, warmup_epochs=3, startup_trials=5
    )
    assert committed.base_of("search").epochs == 20
    found = {k: d.model_dump(exclude={"type", "when"}) for k, d in search.space.items()}
    assert not any(dimension.when for dimension in search.space.values())
    assert found == {
        "hidden_size": {"low": 16, "high": 512, "log": True, "step": None},
        "learning_rate": {"low": 1e-4, "high": 1.0, "log": True, "step": None},
        "batch_size": {"choices": (16, 32, 64, 128, 256)},
        "optimizer": {"choices": ("sgd", "momentum", "adam")},
        "decay_epochs": {"choices": ((), (10,), (10, 15), (8, 12, 16))},
    }


def test_committed_random_study_is_a_fair_baseline(committed: Params) -> None:
    """The same space and training as the search, nothing pruned, drawn by another seed."""
    search, random = committed.studies["search"], committed.studies["random"]
    assert isinstance(search, SampledStudy)
    assert isinstance(random, SampledStudy)
    assert random.sampler == "random"
    assert random.pruner == NoPruning()
    assert random.space == search.space
    assert committed.base_of("random") == committed.base_of("search")
    assert random.seed != search.seed


def test_trials_of_a_grid_and_of_variants_are_counted(committed: Params) -> None:
    """A grid has a trial for each combination; variants one for each seed."""
    grid = committed.studies["grid"]
    assert isinstance(grid, GridStudy)
    assert grid.trials == 4 * 4 * 3
    assert committed.studies["iterations"].trials == 6 * 3


def test_study_that_is_not_there_names_those_that_are(committed: Params) -> None:
    """Asking for a study by a wrong name lists the right ones."""
    message = "params.yaml: studies.serch is not there; one of: search, random, grid, iterations"
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        committed.study("serch")


def test_base_of_a_study_lays_its_settings_over_the_trainers(committed: Params) -> None:
    """What the study names holds; what it does not name is the trainer's."""
    base = committed.base_of("iterations")
    assert (base.optimizer, base.epochs, base.clip) == ("momentum", 80, 5.0)
    assert base.activation == committed.trainer.activation
    assert base.decay_factor == committed.trainer.decay_factor


def test_updating_takes_only_what_is_named() -> None:
    """A named value wins even where it is the default; an unnamed one never does."""
    base = Trainer(epochs=7, l2=0.5, optimizer="sgd")
    updated = base.updated(Trainer(optimizer="adam", clip=1.0))
    assert updated == Trainer(epochs=7, l2=0.5, optimizer="adam", clip=1.0)
    assert base.updated(Trainer()) == base


def test_updating_leaves_out_what_is_no_trainer_setting() -> None:
    """The seed of the train section is not carried into the trainer's settings."""
    updated = Trainer(epochs=7).updated(Train(seed=5, epochs=3))
    assert updated == Trainer(epochs=3)
    assert not hasattr(updated, "seed")


def test_values_of_a_trial_are_validated() -> None:
    """Searched values take the same road as the file's: lists become tuples, mistakes raise."""
    values = {"hidden_size": 32, "decay_epochs": [10, 15]}
    updated = Trainer(epochs=7).with_values(values)
    assert updated == Trainer(epochs=7, hidden_size=(32,), decay_epochs=(10, 15))
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Trainer().with_values({"batch_size": 0})


def test_settings_cannot_be_changed(committed: Params) -> None:
    """What was validated stays as it was validated."""
    with pytest.raises(ValidationError, match="frozen"):
        committed.trainer.epochs = 1  # type: ignore[misc]


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.split()[1])
def test_every_study_of_the_page_on_studies_is_accepted(tmp_path: Path, block: str) -> None:
    """What the page shows can be pasted into params.yaml."""
    yaml = YAML(typ="safe")
    added = yaml.load(block)
    with (tmp_path / "params.yaml").open("w") as file:
        yaml.dump(merged(yaml.load(ROOT / "params.yaml"), added), file)
    loaded = params.load(tmp_path / "params.yaml")
    assert added["studies"].keys() <= loaded.studies.keys()
    assert len(SHOWN) > 3
