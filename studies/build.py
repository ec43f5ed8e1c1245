"""From a study's section in `params.yaml` to its plan, objective and fingerprint."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution

from pipeline import dataset
from pipeline.params import Params
from pipeline.settings import Trainer
from pipeline.study_settings import GridStudy, SampledStudy, Study, Variant, VariantsStudy
from studies import faults, fingerprint, proposals, pruning, space
from studies.objective import DigitsObjective
from studies.rounds import Plan

SAMPLERS = {"tpe": proposals.tpe, "random": proposals.random}


@dataclass(frozen=True)
class DigitsStudy:
    """A study of the digits trainer, ready to run."""

    key: str
    section: Study
    base: Trainer
    plan: Plan
    objective: DigitsObjective
    parts: Mapping[str, Any]

    @property
    def space(self) -> Mapping[str, BaseDistribution]:
        """The distribution of each parameter."""
        return self.plan.proposer.space

    @property
    def name(self) -> str:
        """The study's name in the store: key and fingerprint."""
        return f"{self.key}-{fingerprint.digest(self.parts)}"


def build(params: Params, key: str) -> DigitsStudy:
    """Study `key`. Raises: UserError if it is unknown or the prepared data are not in order."""
    section, base = params.study(key), params.base_of(key)
    variants = _variants(section, base)
    objective = DigitsObjective(
        base,
        dataset.load("train"),
        dataset.load("val"),
        variants,
        {name: faults.of(variant) for name, variant in variants.items()},
    )
    pruner = partial(pruning.make, section.pruner)
    plan = Plan(proposer(section), section.trials, section.round_size, pruner)
    return DigitsStudy(key, section, base, plan, objective, deciding(params, key))


def deciding(params: Params, key: str) -> dict[str, Any]:
    """The parts of study `key`'s fingerprint."""
    section = params.study(key)
    settings = {
        "trainer": params.base_of(key).model_dump(mode="json"),
        "study": section.model_dump(mode="json", exclude={"trials", "settings"}),
        "order": list(section.variants) if isinstance(section, VariantsStudy) else None,
    }
    files = dataset.meta()["files"]
    data = {name: digest for name, digest in files.items() if name.startswith(("train/", "val/"))}
    return fingerprint.parts(settings, data)


def proposer(section: Study) -> proposals.Proposer:
    """Where the study's points come from."""
    match section:
        case SampledStudy():
            dimensions, when = space.distributions(section.space), space.conditions(section.space)
            first = [space.encoded(point) for point in section.enqueue]
            if section.sampler == "qmc":
                return proposals.Sobol(dimensions, section.seed, when, first)
            return proposals.Sampled(
                SAMPLERS[section.sampler], dimensions, section.seed, when=when, enqueue=first
            )
        case GridStudy():
            seeds = section.seeds or (section.seed,)
            points = [(point, seed) for point in space.grid(section.space) for seed in seeds]
            return proposals.Listed(points, space.distributions(section.space))
        case VariantsStudy():
            names = CategoricalDistribution(list(section.variants))
            variants = [
                ({"variant": name}, seed) for name in section.variants for seed in section.seeds
            ]
            return proposals.Listed(variants, {"variant": names})


def _variants(section: Study, base: Trainer) -> dict[str, Variant]:
    """The variants with all their settings: those of the study, then those each names."""
    if not isinstance(section, VariantsStudy):
        return {}
    return {
        name: Variant.model_construct(**dict(base.updated(variant)), fault=variant.fault)
        for name, variant in section.variants.items()
    }
