"""What the estimator's parameters are checked against when it is fitted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from pipeline.settings import Trainer


class Rules(Trainer):
    """A trainer's settings, and when training is stopped early."""

    patience: int = Field(10, ge=1)
    early_stopping: bool = False
    validation_fraction: float = Field(0.1, gt=0, lt=1)


def checked(parameters: Mapping[str, Any]) -> Rules:
    """The parameters as settings. Raises: ValueError naming parameter, rule and value."""
    values = {name: _plain(value) for name, value in parameters.items()}
    values["hidden_size"] = values.pop("hidden_layer_sizes")
    try:
        return Rules.model_validate(values, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
    name = str(first["loc"][0]).replace("hidden_size", "hidden_layer_sizes")
    rule = first["msg"][0].lower() + first["msg"][1:]
    raise ValueError(f"{name}: {rule}, but got {parameters[name]!r}")


def _plain(value: Any) -> Any:
    """Python's numbers for NumPy's, which searches hand out; tuples for lists and arrays."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    return tuple(_plain(item) for item in value) if isinstance(value, list | tuple) else value
