"""The sections of `params.yaml` on what comes after the searches: confirm, final, report."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from pipeline.settings import Section
from pipeline.study_settings import Seeds, Variant

Peer: TypeAlias = Literal[
    "logistic_regression", "k_nearest_neighbors", "mlp_classifier", "pytorch"
]
TUNED = "tuned"  # what the confirmed winner is called beside the published configurations


def _not_tuned(published: dict[str, Variant]) -> dict[str, Variant]:
    for name in published:
        if name == TUNED:
            raise ValueError(
                f"{TUNED} is the name of the winner; call the configuration otherwise"
            )
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):  # other models' names have spaces
            raise ValueError(f"a name is made of a-z, 0-9, - and _, but got {name!r}; rename it")
    return published


class Confirm(Section):
    """Which configurations are trained again, over seeds that chose nothing."""

    study: str = Field("search", description="the study whose best are trained again")
    baseline: str | None = Field(
        None, description="the study whose best trial stands beside them; null: none"
    )
    top: int = Field(3, ge=1, description="so many of the best trials")
    pruned: int = Field(
        3, ge=0, description="so many pruned trials, those that were stopped highest, to the end"
    )
    seeds: Seeds = Field((101, 102, 103, 104, 105), description="shared by all configurations")


class Final(Section):
    """What the `final` stage trains on all but the test images, and tests."""

    seeds: Seeds = Field((1, 2, 3, 4, 5), description="the first one's network is saved")
    published: Annotated[dict[str, Variant], AfterValidator(_not_tuned)] = Field(
        {}, description="configurations fixed beforehand that are tested beside the winner"
    )
    peers: tuple[Peer, ...] = Field(
        ("logistic_regression", "k_nearest_neighbors", "mlp_classifier"),
        description="other models, trained on the same images: of scikit-learn, and pytorch, the "
        "winner's network there, which is left out where it is not installed",
    )


class Report(Section):
    """What the report tells."""

    notebooks: tuple[str, ...] = Field(
        ("01_search", "02_iteration_history"),
        description="sources in analysis/notebooks that are executed, by name",
    )
