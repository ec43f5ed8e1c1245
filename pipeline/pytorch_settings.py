"""The section of `params.yaml` on the models that PyTorch trains beside the network here."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.settings import Section, Trainer
from pipeline.study_settings import Seeds


def _plain(models: "dict[str, PyTorchModel]") -> "dict[str, PyTorchModel]":
    for name in models:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            raise ValueError(f"a name is made of a-z, 0-9, - and _, but got {name!r}; rename it")
    return models


class PyTorchModel(Trainer):
    """Trainer settings that PyTorch follows, and the weights that it begins with."""

    start: Literal["initial", "trained"] = Field(
        "initial",
        description="trained: with the weights that the network here ends with under "
        "pytorch.settings and the same seed",
    )


class PyTorch(Section):
    """What the `pytorch` stage trains twice, here and by PyTorch, and tests."""

    seeds: Seeds = Field(description="each model is trained with each of these")
    settings: Trainer = Field(Trainer(), description="trainer settings that all models share")
    models: Annotated[dict[str, PyTorchModel], Field(min_length=1), AfterValidator(_plain)]

    def trainings(self, base: Trainer) -> dict[str, Trainer]:
        """The settings of each model, over those that every training starts from."""
        shared = base.updated(self.settings)
        return {name: shared.updated(model) for name, model in self.models.items()}
