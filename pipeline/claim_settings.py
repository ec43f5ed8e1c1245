"""The section of `params.yaml` on what was published: figures, and where ours stand."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings import Section
from pipeline.space_settings import Choice, unknown
from pipeline.study_settings import Study, Variant

PLACES = ("study", "tested", "pytorch", "primer")


class Claim(Section):
    """A figure that a write-up published, and where the one of ours is to be found.

    Ours is of one of four: a study, there of a variant or else of the best trained point `where`
    parameters have these values; a configuration of final.published; a model of the PyTorch
    stage; a fact of the primer stage.
    """

    id: Annotated[str, Field(pattern=r"^[A-E][0-9]?[a-z]?$")] = Field(
        description="of the experiment: A1 to E"
    )
    quantity: str = Field(description="what was published, in words")
    published: float | Annotated[tuple[float, ...], Field(min_length=2, max_length=2)] | None = (
        Field(None, description="one figure, or the lowest and the highest; null: none")
    )
    split: Literal["train", "val", "test"] | None = Field(
        None, description="of the images that the published figure counts; null: not known"
    )
    study: str | None = None
    variant: str | None = None
    where: dict[str, Choice] = Field({}, description="values of the study's parameters")
    tested: str | None = Field(None, description="a configuration of final.published")
    pytorch: str | None = Field(None, description="a model of the PyTorch stage")
    primer: str | None = Field(None, description="a fact of the primer stage")
    measure: Literal["test_accuracy", "val_accuracy", "train_accuracy", "gap", "epochs"] | None = (
        Field(None, description="null: test accuracy of what was tested, else validation's")
    )
    full: bool = Field(False, description="whether it takes all of MNIST to compare")
    cause: str = Field("", description="what is known to set the two apart")

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        named = [place for place in PLACES if getattr(self, place) is not None]
        if len(named) != 1:
            raise ValueError(
                f"ours must be of one of {', '.join(PLACES)}, but {len(named)} are named; name one"
            )
        return self


def check(
    claims: Iterable[Claim], studies: Mapping[str, Study], tested: Mapping[str, Variant]
) -> None:
    """Confirm that what is compared will be there. Raises: ValueError naming what is not."""
    for i, claim in enumerate(claims):
        study = studies.get(claim.study or "")
        variants, space = getattr(study, "variants", {}), getattr(study, "space", {})
        named: list[tuple[str, str | None, Mapping[str, object], str]] = [
            ("study", claim.study, studies, "a study"),
            ("tested", claim.tested, tested, "in final.published"),
            ("variant", claim.variant, variants, f"a variant of {claim.study}"),
            *(("where", name, space, f"a parameter of {claim.study}") for name in claim.where),
        ]
        for key, name, known, what in named:
            if name is not None and name not in known:
                raise ValueError(f"claims.{i}.{key}: {name} {unknown(name, known, what)}")
