"""Every experiment, a few epochs on a few images: run once for all tests of this folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from analysis import published
from pipeline import facts, params, prepare, sources
from studies import confirm, final, pytorch, run

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


LESS: dict[str, Callable[[Any], Any]] = {
    "sizes": lambda _: {"train": 200, "val": 60, "test": 60},
    "train_images": lambda _: 100,
    "epochs": lambda epochs: min(epochs, 2),
    "hidden_size": lambda size: 8 if isinstance(size, int) else [8] * len(size),
    "seeds": lambda seeds: seeds[:2],
    "trials": lambda _: 4,
}


def tiny(value: Any, key: str = "") -> Any:
    """The same experiments with less of everything that takes time."""
    if isinstance(value, dict) and key != "sizes":
        left = {name: tiny(item, name) for name, item in value.items() if name != "claims"}
        if key == "learning_rate" and "choices" in value:
            left["choices"] = value["choices"][1:3]
        return left | {name: value[name] for name in ("claims",) if name in value}
    return LESS[key](value) if key in LESS else value


def made(folder: Path) -> None:
    """Run the stages of experiments/dvc.yaml up to the notebooks, in `folder`."""
    yaml = YAML(typ="safe")
    raw = tiny(yaml.load(EXPERIMENTS / "params.yaml"))
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(raw, file)
    loaded = params.load()
    sources.run(loaded.data)
    prepare.run(loaded.data)
    for key in loaded.studies:
        run.run(key)
    confirm.run()
    final.run()
    pytorch.run()
    facts.run()
    published.main()


@pytest.fixture(scope="session")
def experiments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny set of all experiments, with its results."""
    folder = tmp_path_factory.mktemp("experiments")
    with pytest.MonkeyPatch.context() as patch:  # undone before the next test, whichever it is
        patch.chdir(folder)
        patch.setenv("HANDTUNED_JOBS", "1")
        made(folder)
    return folder
