"""The best trial of a finished study, and its settings as lines for `params.yaml`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline import params
from pipeline.params import Params
from pipeline.settings import Trainer
from pipeline.study_settings import VariantsStudy
from studies import confirm, exported, replay, shelf
from studies.objective import METRIC
from studies.space import decode
from studies.terminal import pairs, say


def best(key: str, *, yaml: bool = False) -> None:
    """Show the best trial of study `key`, or its settings as lines for params.yaml.

    Raises: UserError if the study's export is missing or damaged.
    """
    about, today = exported.about(key), confirm.beside(params.load())
    found, old = about["best"], outdated(about, today)
    if yaml:
        say("\n".join(lines(about, today)))
    else:
        say(
            f"{key}: trial {found['number']} of {about['trials']}, {METRIC} {found[METRIC]:.9g} "
            f"at epoch {found['epoch']}"
        )
        pairs(found["params"])
    if old:
        say(f"{key}: {old}", err=True)


def lines(about: Mapping[str, Any], today: Params) -> Iterator[str]:
    """The lines that go under `trainer` so that it has the best trial's settings.

    They are those that the study chose, and those that are other in `today`'s trainer. With
    early stopping `epochs` and `patience` stay: trained again it stops at the same epoch.
    """
    found = about["best"]
    settings, chosen = _settings(about)
    yield f"  # {about['name']}, trial {found['number']}: {METRIC} {found[METRIC]:.9g}"
    if settings.patience:
        yield f"  # early stopping kept epoch {found['epoch']}"
    now, there = settings.model_dump(mode="json"), today.trainer.model_dump(mode="json")
    for name, value in now.items():
        if name in chosen or value != there[name]:
            one = name == "hidden_size" and len(value) == 1
            yield f"  {name}: {text(value[0] if one else value)}"


def outdated(about: Mapping[str, Any], today: Params) -> str | None:
    """What to say if the export is not of today's settings, data and code."""
    key, current = about["key"], shelf.current(today)
    if key not in current:
        return f"{about['name']} is of a study that params.yaml no longer has"
    if about["name"] == current[key]:
        return None
    return (
        f"{about['name']} is of other settings, data or code than today's {current[key]}; "
        f"run `{exported.command(key)}`"
    )


def _settings(about: Mapping[str, Any]) -> tuple[Trainer, set[str]]:
    """The best trial's trainer settings, and the names of those that the study chose."""
    made, point = replay.settings(about), about["best"]["params"]
    base = made.base_of(about["key"])
    section = made.studies[about["key"]]
    if not isinstance(section, VariantsStudy):
        return base.with_values(decode(point)), set(point)
    variant = section.variants[point["variant"]]
    return base.updated(variant), variant.model_fields_set & Trainer.model_fields.keys()


def text(value: Any) -> str:
    """A value as YAML, in a form that readers of 1.1 and of 1.2 take for the same."""
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, str):
        return value
    plain = json.dumps(value)
    return plain.replace("e", ".0e") if isinstance(value, float) and "." not in plain else plain
