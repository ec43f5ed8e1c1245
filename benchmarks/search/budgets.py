"""What every way to search is given: the two studies of `params.yaml`, images, workers."""

from typing import NamedTuple

from pipeline.errors import UserError
from pipeline.nn.examples import Examples
from pipeline.params import Params
from pipeline.study_settings import SampledStudy

SEARCH, BASELINE = "search", "random"


class Setting(NamedTuple):
    """Parameters with the studies `search` and `random`, held-out images, and workers."""

    params: Params
    held_out: Examples
    jobs: int


def section(params: Params, key: str) -> SampledStudy:
    """Study `key`. Raises: UserError if it is not there or not sampled."""
    found = params.study(key)
    if not isinstance(found, SampledStudy):
        raise UserError(
            f"params.yaml: studies.{key}.sampler must draw from a space, but is {found.sampler}; "
            "the benchmark compares tpe and random"
        )
    return found


def at_most(params: Params, trials: int) -> Params:
    """The same studies, neither with more than so many trials."""
    shorter = {
        key: study.model_copy(update={"trials": min(trials, study.trials)})
        for key in (SEARCH, BASELINE)
        for study in (section(params, key),)
    }
    return params.model_copy(update={"studies": shorter})
