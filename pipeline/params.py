"""`params.yaml` as one validated, frozen model; the only reader of that file."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline import claim_settings
from pipeline.claim_settings import Claim
from pipeline.errors import UserError
from pipeline.nn.losses import find_loss
from pipeline.nn.schedules import drops_to
from pipeline.pytorch_settings import PyTorch
from pipeline.result_settings import Confirm, Final, Report
from pipeline.settings import Data, Execution, Section, Train, Trainer, frozen
from pipeline.space_settings import Choices, Dimension, active
from pipeline.study_settings import Study, VariantsStudy, refusal

PARAMS = Path("params.yaml")
TOGETHER = ("loss", "output", "decay_epochs", "decay_to", "pixels", "train_images")
STAGES = ("confirm", "final")  # which make studies of their own
PLAIN = {  # of pydantic's error types: YAML has lists and mappings, not tuples and models
    "tuple_type": "input should be a list",
    "dict_type": "input should be a mapping",
    "model_type": "input should be a mapping",
    "model_attributes_type": "input should be a mapping",
    "too_short": "input should not be empty",
}


def _study_key(key: str) -> str:
    """A key that can name a folder, a stage and an argument."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", key):
        raise ValueError("the key of a study is made of a-z, 0-9, - and _; rename it")
    return key


class Params(Section):
    """Everything a user can turn."""

    execution: Execution = Execution()
    data: Data = Data()
    trainer: Trainer = Field(Trainer(), description="the settings every training starts from")
    train: Train = Field(Train(), description="the one network of the train stage")
    studies: Annotated[
        dict[Annotated[str, AfterValidator(_study_key)], Study], Field(min_length=1)
    ]
    confirm: Confirm = Confirm()
    final: Final = Final()
    pytorch: PyTorch | None = Field(None, description="null: PyTorch trains nothing")
    report: Report = Report()
    claims: tuple[Claim, ...] = Field(
        (), description="published figures, and where those of ours are that stand beside them"
    )

    @model_validator(mode="after")
    def _confirmed_studies_exist(self) -> Self:
        for name in ("study", "baseline"):
            found = getattr(self.confirm, name)
            if found is not None and found not in self.studies:
                raise PydanticCustomError(
                    "confirmed_study",
                    "confirm.{name} must name a study, but got {found}; one of: {known}",
                    {"name": name, "found": found, "known": ", ".join(self.studies)},
                )
        return self

    def base_of(self, key: str) -> Trainer:
        """The trainer settings that all trials of study `key` share."""
        return self.trainer.updated(self.studies[key].settings)

    def study(self, key: str) -> Study:
        """The study named `key`. Raises: UserError if there is none."""
        if key not in self.studies:
            raise UserError(
                f"{PARAMS}: studies.{key} is not there; one of: {', '.join(self.studies)}"
            )
        return self.studies[key]


def load(path: Path = PARAMS) -> Params:
    """Read and validate `params.yaml`.

    Raises: UserError naming the first key that breaks a rule, the rule, the value, the remedy.
    """
    try:
        return _checked(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise UserError(f"{path} is not in {Path.cwd()}; run from the project's folder") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} must be UTF-8 text, but is not; save it as UTF-8") from None


@lru_cache(maxsize=1)  # a study looks at the file before each trial that it keeps
def _checked(text: str, path: Path) -> Params:
    """The model of the file's text, or its first mistake as a UserError."""
    try:
        raw = YAML(typ="safe").load(text)
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}" if where else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise UserError(
            f"{path}{line}: {' '.join(problem.split())}; mend the YAML there"
        ) from None
    if not isinstance(raw, Mapping):
        raise UserError(f"{path} must be a mapping of sections, but it is {raw!r}")
    try:
        params = Params.model_validate(frozen(raw), strict=True)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error.errors(), raw)}") from None
    _check_names(params, path)
    _check_spaces(params, path)
    _check_trainings(params, path)
    try:
        models = params.pytorch.models if params.pytorch else {}
        claim_settings.check(params.claims, params.studies, params.final.published, models)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    return params


def schema() -> str:
    """The JSON schema of `params.yaml`, as committed in `params.schema.json`."""
    return json.dumps(Params.model_json_schema(), indent=2) + "\n"


def explain(errors: Sequence[ErrorDetails], raw: Any) -> str:
    """One line for the first key that breaks a rule: key, rule, value, remedy."""
    error, where = errors[0], ".".join(_keys(errors[0], raw))
    same_key = [each for each in errors if ".".join(_keys(each, raw)) == where]
    rule = " or ".join(dict.fromkeys(map(_rule, same_key))).replace(" or input should be ", " or ")
    match error["type"]:
        case "unknown_key" | "below":
            return f"{where}.{error['msg']}".lstrip(".")
        case "confirmed_study":
            return rule
        case "value_error":
            return f"{where}: {rule}"
        case "missing":
            return f"{where} is missing; add it"
        case "union_tag_not_found":
            return f"{where} needs a key {error['ctx']['discriminator']}; add it"
        case "union_tag_invalid":
            name, tag = error["ctx"]["discriminator"].strip("'"), error["ctx"]["tag"]
            known = error["ctx"]["expected_tags"]
            if name == "sampler" and (reason := refusal(tag)):
                return f"{where}.sampler: {tag} {reason}"
            return f"{where}.{name}: input should be one of {known}, but got {json.dumps(tag)}"
    return f"{where}: {rule}, but got {json.dumps(error['input'], default=str)}"


def _rule(error: ErrorDetails) -> str:
    rule = PLAIN.get(error["type"], error["msg"].removeprefix("Value error, "))
    return rule[0].lower() + rule[1:]


def _keys(error: ErrorDetails, raw: Any) -> Iterator[str]:
    """The part of an error's location that stands in the file: pydantic adds its unions' tags."""
    tagged = False  # a study's sampler or a dimension's type has gone before
    for i, part in enumerate(error["loc"]):
        if isinstance(raw, Mapping):
            if not tagged and part in (raw.get("sampler"), raw.get("type")):
                tagged = True
                continue
            tagged = False
            absent = error["type"] == "missing" and i == len(error["loc"]) - 1
            if part in raw or absent:
                yield str(part)
                raw = raw.get(part)
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            yield str(part)
            raw = raw[part]


def _check_names(params: Params, path: Path) -> None:
    """Confirm that no study has the name of a stage that makes a study of its own."""
    for key in STAGES:
        if key in params.studies:
            raise UserError(f"{path}: studies.{key} is the name of a stage; rename the study")


def _check_spaces(params: Params, path: Path) -> None:
    """Confirm that the trainer knows every searched name and accepts its extreme values."""
    for key, study in params.studies.items():
        if isinstance(study, VariantsStudy):
            continue
        for name, dimension in study.space.items():
            for value in dimension.ends:
                try:
                    params.trainer.with_values({name: value})
                except ValidationError as error:
                    problem = explain(error.errors(), {name: value})
                    raise UserError(f"{path}: studies.{key}.space.{problem}") from None


def _check_trainings(params: Params, path: Path) -> None:
    """Confirm that the settings of every network to be trained go together, and with the data."""
    for where, settings, space in _trainings(params):
        base = {name: getattr(settings, name) for name in TOGETHER}
        for point in _points(base, space):
            try:
                _check_together(base | point, params.data)
            except ValueError as error:
                raise UserError(f"{path}: {where}: {error}") from None


def _check_together(settings: Mapping[str, Any], data: Data) -> None:
    """Raises: ValueError naming the first rule that is broken between settings."""
    find_loss(settings["loss"], settings["output"])
    if settings["decay_to"]:
        drops_to(1.0, settings["decay_epochs"], settings["decay_to"])
    if settings["pixels"] == "raw" and data.pixels != "unit":
        raise ValueError(
            f"pixels: raw needs unit pixels to start from, but data.pixels is {data.pixels}; "
            "change one"
        )
    if (settings["train_images"] or 0) > data.sizes.train:
        raise ValueError(
            f"train_images must be at most data.sizes.train, {data.sizes.train}, but is "
            f"{settings['train_images']}; change one"
        )


def _points(names: Iterable[str], space: Mapping[str, Dimension]) -> Iterator[dict[str, Any]]:
    """Every combination of what `names` can be in the space, and of what these hang on."""
    wanted = [name for name in names if name in space]
    for name in wanted:
        wanted += [parent for parent in space[name].when if parent not in wanted]
    conditions = {name: space[name].when for name in wanted}
    values = [_values(name, space) for name in wanted]
    for point in itertools.product(*values):
        yield active(dict(zip(wanted, point, strict=True)), conditions)


def _values(name: str, space: Mapping[str, Dimension]) -> Sequence[Any]:
    """The values of a parameter that make a difference to those that hang on it."""
    named = [value for each in space.values() for value in each.when.get(name, ())]
    return space[name].ends if isinstance(space[name], Choices) else [*space[name].ends, *named]


def _trainings(params: Params) -> Iterator[tuple[str, Trainer, Mapping[str, Dimension]]]:
    """Every kind of network to be trained: its place, its settings, the space it is from."""
    yield "train", params.trainer.updated(params.train), {}
    for name, settings in params.final.published.items():
        yield f"final.published.{name}", params.trainer.updated(settings), {}
    if params.pytorch:
        for name, model in params.pytorch.trainings(params.trainer).items():
            yield f"pytorch.models.{name}", model, {}
    for key, study in params.studies.items():
        base = params.base_of(key)
        if isinstance(study, VariantsStudy):
            for name, variant in study.variants.items():
                yield f"studies.{key}.variants.{name}", base.updated(variant), {}
        else:
            yield f"studies.{key}", base, study.space
