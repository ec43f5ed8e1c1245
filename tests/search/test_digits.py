"""The digits objective and the fingerprint of a digits study."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline import params, training
from pipeline.nn.gradcheck import check
from pipeline.nn.mlp import MLP
from pipeline.settings import Trainer
from pipeline.study_settings import GridStudy, Variant
from studies import faults, fingerprint
from studies.build import DigitsStudy, build, deciding
from studies.build import proposer as build_proposer
from studies.retrained import Retrained


@pytest.fixture
def search(project: Path, monkeypatch: pytest.MonkeyPatch) -> DigitsStudy:
    """The search study of the small project, which is the working folder."""
    monkeypatch.chdir(project)
    return build(params.load(), "search")


POINT = {
    "hidden_size": 20,
    "learning_rate": 0.05,
    "batch_size": 32,
    "optimizer": "momentum",
    "decay_epochs": "[2]",
}


def test_curve_is_plain_training(search: DigitsStudy) -> None:
    """The objective reports what the trainer itself does with those settings and that seed."""
    reports = list(search.objective(POINT, 11))
    settings = search.objective.settings(POINT)
    assert settings.decay_epochs == (2,)
    train, val = search.objective.train, search.objective.val
    _, _, epochs = training.begin(settings, train, val, 11)
    assert [report.score for report in reports] == [epoch.val_accuracy for epoch in epochs]


def test_bits_agree_with_the_score(search: DigitsStudy) -> None:
    """The stored bits say which validation images were right: as many as the accuracy says."""
    last = list(search.objective(POINT, 11))[-1]
    bits = np.unpackbits(np.frombuffer(last.detail, np.uint8), count=100)
    assert bits.mean() == pytest.approx(last.score)


def test_early_stopping_is_worth_the_epoch_it_keeps(search: DigitsStudy) -> None:
    """The reports name the best epoch so far, and the bits are that epoch's."""
    base = search.objective.base.model_copy(update={"patience": 2, "epochs": 30})
    reports = list(replace(search.objective, base=base)(POINT, 11))
    scores = [report.score for report in reports]
    kept = reports[-1].kept
    assert kept is not None
    assert len(reports) == kept + 2 < 30
    assert scores[kept - 1] == max(scores) > scores[-1]
    bits = np.unpackbits(np.frombuffer(reports[-1].detail, np.uint8), count=100)
    assert bits.mean() == pytest.approx(scores[kept - 1])


def test_divergence_ends_at_chance(search: DigitsStudy) -> None:
    """A network whose loss is no longer finite ends there: complete, infeasible, chance level."""
    wild = POINT | {"optimizer": "sgd", "learning_rate": 1e12, "decay_epochs": "[]"}
    with np.errstate(over="ignore", invalid="ignore"):
        last = list(search.objective(wild, 11))[-1]
    assert (last.score, last.stop, last.feasible) == (0.1, "diverged", False)
    assert not any(last.detail)


def test_cost_counts_work(search: DigitsStudy) -> None:
    """More units, or smaller batches, cost more."""
    cost = search.objective.cost
    assert cost(POINT | {"hidden_size": 40}) > cost(POINT)
    assert cost(POINT | {"batch_size": 16}) > cost(POINT)


def test_faults_have_names() -> None:
    """Every fault that params.yaml may name is there, and no other."""
    names = Variant.model_json_schema()["properties"]["fault"]["anyOf"][0]
    assert set(faults.FAULTS) == set(names["enum"])


@pytest.mark.parametrize("name", ["output_error_sign", "divided_twice"])
def test_gradient_check_catches_wrong_gradients(name: str) -> None:
    """A published defect of the gradient is seen by the check, and a sound network passes."""
    assert not check(faults.FAULTS[name].network(faults.TWIN)).passed
    assert check(MLP(faults.TWIN)).passed


def test_gradient_divided_twice_is_a_smaller_rate(search: DigitsStudy) -> None:
    """SGD on batches of 8 whose gradient is divided twice is SGD at an eighth of the rate."""
    base = Trainer(optimizer="sgd", learning_rate=0.5, batch_size=8, epochs=2, train_images=96)
    slower = base.model_copy(update={"learning_rate": 0.5 / 8})
    train, val = search.objective.train, search.objective.val
    kind = faults.FAULTS["divided_twice"].network
    faulty = list(training.begin(base, train, val, 3, kind)[2])
    assert [e.val_loss for e in faulty] == pytest.approx(
        [e.val_loss for e in training.begin(slower, train, val, 3)[2]], rel=1e-4
    )


def test_adam_without_memory_takes_steps_of_one_length() -> None:
    """The sign of the gradient is all that is left, at sqrt(10) times the rate in the long run."""
    adam, theta, memory = faults.ForgetfulAdam(), np.zeros(3), np.zeros((2, 3))
    step, lr = 100_000, 0.001
    for g in (np.array([3.0, -1e-3, 0.0]), np.array([-5.0, 2.0, 1.0])):
        before = theta.copy()
        adam.update(theta, g * adam.scale(lr, step), memory, lr=lr, step=step)
        expected = -lr * 0.1 / np.sqrt(0.001) * np.sign(g)
        np.testing.assert_allclose(theta - before, expected, rtol=1e-3)
        step += 1


def test_variant_is_trained_with_its_fault(search: DigitsStudy) -> None:
    """A variant's defect reaches its trainings, in studies and in the final stage."""
    base = Trainer(optimizer="adam", epochs=2, batch_size=8)
    variants = {
        "sound": Variant(**dict(base)),
        "faulty": Variant(**dict(base), fault="adam_forgets"),
    }
    every = {name: faults.of(variant) for name, variant in variants.items()}
    objective = replace(search.objective, base=base, variants=variants, faults=every)
    for make in (objective, Retrained(objective, {})):
        scores = {
            name: [r.metrics["train_loss"] for r in make({"variant": name}, 1)]
            for name in variants
        }
        assert scores["sound"] != scores["faulty"]
    plain = training.begin(base, search.objective.train, search.objective.val, 1)[2]
    reports = objective({"variant": "sound"}, 1)
    assert [r.score for r in reports] == [epoch.val_accuracy for epoch in plain]


def test_grid_trains_every_point_with_every_seed(search: DigitsStudy) -> None:
    """A grid over seeds asks for each combination with each of them, seed after seed."""
    space = {"learning_rate": {"type": "categorical", "choices": (0.1, 0.2)}}
    section = GridStudy.model_validate({"sampler": "grid", "space": space, "seeds": (7, 8)})
    assert section.trials == 4
    asked = build_proposer(section).propose(range(4), [])
    found = [(each.params["learning_rate"], each.seed) for each in asked]
    assert found == [(0.1, 7), (0.1, 8), (0.2, 7), (0.2, 8)]


def test_fingerprint_covers_what_decides(search: DigitsStudy) -> None:
    """Another seed, space, trainer or data: another study. More trials: the same one."""
    loaded = params.load()
    same = deciding(loaded, "search")
    assert fingerprint.digest(same) == fingerprint.digest(search.parts)
    section = loaded.studies["search"]

    def changed(**update: object) -> params.Params:
        studies = loaded.studies | {"search": section.model_copy(update=update)}
        return loaded.model_copy(update={"studies": studies})

    assert deciding(changed(trials=99), "search") == same
    assert deciding(changed(seed=99), "search") != same
    assert deciding(changed(round_size=2), "search") != same
    trainer = loaded.trainer.model_copy(update={"l2": 0.1})
    assert deciding(loaded.model_copy(update={"trainer": trainer}), "search") != same


def test_order_of_the_space_decides_nothing(project: Path, search: DigitsStudy) -> None:
    """Parameters written in another order are the same study with the same points."""
    section = search.section
    turned = section.model_copy(update={"space": dict(reversed(section.space.items()))})
    points = [build_proposer(each).propose(range(4), []) for each in (section, turned)]
    assert points[0] == points[1]
    loaded = params.load()
    studies = loaded.studies | {"search": turned}
    assert deciding(loaded.model_copy(update={"studies": studies}), "search") == search.parts


def test_order_of_variants_is_theirs(search: DigitsStudy) -> None:
    """Variants written in another order are another study: the order is that of the tables."""
    loaded = params.load()
    section = loaded.studies["iterations"]
    turned = section.model_copy(update={"variants": dict(reversed(section.variants.items()))})
    studies = loaded.studies | {"iterations": turned}
    before = deciding(loaded, "iterations")
    after = deciding(loaded.model_copy(update={"studies": studies}), "iterations")
    assert fingerprint.digest(after) != fingerprint.digest(before)


def test_fingerprint_sees_training_and_validation_data_only(search: DigitsStudy) -> None:
    """The digests of training and validation arrays are in, those of the test split are not."""
    assert {name.split("/")[0] for name in search.parts["data"]} == {"train", "val"}


def test_fingerprint_has_its_parts(search: DigitsStudy) -> None:
    """Settings, data, code and the libraries that decide are parts by name."""
    assert set(search.parts) == {"settings", "data", "code", "numpy", "optuna", "scipy"}
    assert search.parts["numpy"] == np.__version__


def test_code_that_decides_is_all_of_it() -> None:
    """What a deciding file imports from this project decides too, or is known not to."""
    harmless = {
        *("pipeline.errors", "pipeline.files", "pipeline.dataset", "pipeline.result_settings"),
        *("pipeline.claim_settings", "pipeline.pytorch_settings"),
        *("studies.environment", "studies.interrupts", "studies.workers"),
    }
    roots = (Path(fingerprint.__file__).parents[1],)
    names = {
        ".".join(path.relative_to(roots[0]).with_suffix("").parts) for path in fingerprint.DECIDING
    }
    imported = {
        module
        for path in fingerprint.DECIDING
        for match in re.findall(
            r"^from ((?:pipeline|studies)[\w.]*) import (.+)", path.read_text(), re.M
        )
        for module in modules(*match)
    }
    assert imported - names - harmless == set() - {"studies.fingerprint"}


def modules(package: str, names: str) -> set[str]:
    """The modules that `from package import names` reads."""
    if package in ("pipeline", "studies", "pipeline.nn"):
        return {f"{package}.{name.strip()}" for name in names.split(",")} - {"studies.fingerprint"}
    return {package}


def test_comments_do_not_count() -> None:
    """A comment or a blank line leaves a source file's digest alone; a number does not."""
    plain = fingerprint._tokens(b"x = 1\ny = 2\n")
    assert fingerprint._tokens(b"# why\nx = 1  # so\n\n\ny = 2\n") == plain
    assert fingerprint._tokens(b"x = 1\ny = 3\n") != plain
