"""The section of `params.yaml` on what was published: figures, and where ours stand."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from pipeline.pytorch_settings import PyTorchModel
from pipeline.settings import Section
from pipeline.space_settings import Choice, unknown
from pipeline.study_settings import Study, Variant

MEASURES = {  # by place: what can be read off there, the first unless a claim says otherwise
    "study": ("val_accuracy", "train_accuracy", "gap", "epochs", "parameters"),
    "tested": ("test_accuracy", "train_accuracy"),
    "pytorch": ("test_accuracy", "val_accuracy", "train_accuracy"),
    "primer": (),
}
PEERS = ("logistic regression", "k nearest neighbors", "scikit-learn MLPClassifier")
"""scikit-learn's models, which the final stage tests beside those of final.published."""

Measure: TypeAlias = Literal[
    "test_accuracy", "val_accuracy", "train_accuracy", "gap", "epochs", "parameters"
]


Ends: TypeAlias = Annotated[tuple[float, ...], Field(min_length=2, max_length=2)]


class Claim(Section):
    """A figure that a write-up published, and where the one of ours is to be found.

    Ours is of one of four: a study, there of a variant or else of the best trained point `where`
    parameters have these values; a configuration of final.published, or a model of
    scikit-learn's; a model of the PyTorch stage; a fact of the primer stage.
    """

    id: Annotated[str, Field(pattern=r"^[A-E][0-9]?[a-z]?$")] = Field(
        description="of the experiment: A1 to E"
    )
    quantity: str = Field(description="what was published, in words")
    published: float | Ends | None = Field(
        None, description="one figure, or the lowest and the highest; null: none"
    )
    split: Literal["train", "val", "test"] | None = Field(
        None, description="of the images that the published figure counts; null: not known"
    )
    study: str | None = None
    variant: str | None = Field(None, description="of the study")
    where: dict[str, Choice] = Field({}, description="values of the study's parameters")
    tested: str | None = Field(
        None, description="a configuration of final.published, or a model of scikit-learn's"
    )
    pytorch: str | None = Field(None, description="a model of the PyTorch stage")
    primer: str | None = Field(None, description="a fact of the primer stage")
    measure: Measure | None = Field(
        None, description="null: test accuracy of what was tested, else validation's"
    )
    label: Annotated[int, Field(ge=0)] | None = Field(
        None, description="only test images of this class count; null: all do"
    )
    full: bool = Field(False, description="whether it takes all of MNIST to compare")
    cause: str = Field("", description="what is known to set the two apart")

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        named = [place for place in MEASURES if getattr(self, place) is not None]
        if len(named) != 1:
            raise ValueError(
                f"ours must be of one of {', '.join(MEASURES)}, but {len(named)} are named; "
                "name one"
            )
        return self

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        if isinstance(self.published, tuple) and self.published[0] > self.published[1]:
            found = list(self.published)
            raise ValueError(f"the lowest is published first, but got {found}; swap them")
        return self

    @model_validator(mode="after")
    def _measure_fits(self) -> Self:
        place = next(place for place in MEASURES if getattr(self, place) is not None)
        known = MEASURES[place]
        if self.measure is not None and self.measure not in known:
            remedy = f"one of: {', '.join(known)}" if known else "leave it out"
            raise ValueError(f"{self.measure} is not measured of a {place}; {remedy}")
        if self.measure == "parameters" and self.variant is None:
            raise ValueError("parameters are counted of a variant, but none is named; name one")
        return self

    @model_validator(mode="after")
    def _label_is_of_a_test(self) -> Self:
        if self.label is not None and (self.tested is None or self.measure):
            raise ValueError("label goes with the test accuracy of what was tested; drop it")
        return self

    @model_validator(mode="after")
    def _point_is_of_a_study(self) -> Self:
        named = [name for name in ("variant", "where") if getattr(self, name)]
        if named and (self.study is None or len(named) > 1):
            rule = "one of variant and where" if self.study else f"{named[0]} goes with study"
            raise ValueError(f"{rule}, but got {' and '.join(named)}; drop one")
        return self


def check(
    claims: Iterable[Claim],
    studies: Mapping[str, Study],
    tested: Mapping[str, Variant],
    models: Mapping[str, PyTorchModel],
) -> None:
    """Confirm that what is compared will be there. Raises: ValueError naming what is not."""
    known_tested = dict.fromkeys((*tested, *PEERS))
    for i, claim in enumerate(claims):
        study = studies.get(claim.study or "")
        variants, space = getattr(study, "variants", {}), getattr(study, "space", {})
        named: list[tuple[str, str | None, Mapping[str, object], str]] = [
            ("study", claim.study, studies, "a study"),
            ("tested", claim.tested, known_tested, "in final.published"),
            ("pytorch", claim.pytorch, models, "in pytorch.models"),
            ("variant", claim.variant, variants, f"a variant of {claim.study}"),
            *(("where", name, space, f"a parameter of {claim.study}") for name in claim.where),
        ]
        for key, name, known, what in named:
            if name is not None and name not in known:
                none = f"is not {what}, for there is none; drop it"
                rule = unknown(name, known, what) if known else none
                raise ValueError(f"claims.{i}.{key}: {name} {rule}")
