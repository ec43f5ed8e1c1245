"""The one line that each mistake in the claims of `params.yaml` gets."""

from pathlib import Path

import pytest

from pipeline import params
from tests.data.test_mistakes_in_params import COMMITTED, refusal

MISTAKES = {
    "study: serach": ".study: serach is not a study; did you mean search?",
    "study: xyz": ".study: xyz is not a study; known: search, random, grid, iterations",
    "study: iterations, variant: units_265": (
        ".variant: units_265 is not a variant of iterations; did you mean units_256?"
    ),
    "study: grid, variant: units_256": (
        ".variant: units_256 is not a variant of grid, for there is none; drop it"
    ),
    "study: grid, where: {batch_sise: 16}": (
        ".where: batch_sise is not a parameter of grid; did you mean batch_size?"
    ),
    "study: iterations, where: {batch_size: 16}": (
        ".where: batch_size is not a parameter of iterations, for there is none; drop it"
    ),
    "pytorch: batch_1": ".pytorch: batch_1 is not in pytorch.models, for there is none; drop it",
    "tested: write_pu": ".tested: write_pu is not in final.published; did you mean write_up?",
    "tested: logistic regresion": (
        ".tested: logistic regresion is not in final.published; did you mean logistic regression?"
    ),
    "study: grid, tested: write_up": (
        ": ours must be of one of study, tested, pytorch, primer, but 2 are named; name one"
    ),
    "measure: gap": (
        ": ours must be of one of study, tested, pytorch, primer, but 0 are named; name one"
    ),
    "study: grid, measure: test_accuracy": (
        ": test_accuracy is not measured of a study; one of: val_accuracy, train_accuracy, gap, "
        "epochs, parameters"
    ),
    "tested: write_up, measure: gap": (
        ": gap is not measured of a tested; one of: test_accuracy, train_accuracy"
    ),
    "study: grid, label: 1": ": label goes with the test accuracy of what was tested; drop it",
    "tested: write_up, label: 1, measure: train_accuracy": ": label goes with the test accuracy",
    "primer: xor, measure: gap": ": gap is not measured of a primer; leave it out",
    "study: grid, measure: parameters": (
        ": parameters are counted of a variant, but none is named; name one"
    ),
    "tested: write_up, variant: units_256": (
        ": variant goes with study, but got variant; drop one"
    ),
    "study: iterations, variant: units_256, where: {seed: 1}": (
        ": one of variant and where, but got variant and where; drop one"
    ),
    "study: grid, published: [0.9, 0.8]": (
        ": the lowest is published first, but got [0.9, 0.8]; swap them"
    ),
    "study: grid, published: [0.9]": ".published: ",
    "study: grid, split: tset": ".split: input should be 'train', 'val' or 'test', but got ",
    "study: grid, pubished: 0.9": ".pubished is not a known key; did you mean published?",
    "id: F, study: grid": (
        ".id: string should match pattern '^[A-E][0-9]?[a-z]?$', but got \"F\""
    ),
}


def with_claim(text: str) -> str:
    """The committed text with one claim more, its second."""
    first = "{id: A1, quantity: sound, primer: fact}"
    known = "" if "id:" in text else "id: A1, "
    return f"{COMMITTED}\nclaims:\n  - {first}\n  - {{{known}quantity: q, {text}}}\n"


@pytest.mark.parametrize(("text", "rule"), MISTAKES.items())
def test_mistake_in_a_claim_gets_one_line(tmp_path: Path, text: str, rule: str) -> None:
    """What is compared must be there, at one place, and be measured there."""
    assert refusal(tmp_path, with_claim(text)).startswith(f"params.yaml: claims.1{rule}")


def test_sound_claims_are_read(tmp_path: Path) -> None:
    """Each place, a figure or a range or none, and a model of scikit-learn's."""
    path = tmp_path / "params.yaml"
    for text in (
        "study: iterations, variant: units_256, measure: parameters, published: 203530",
        "study: grid, where: {batch_size: 16, learning_rate: 0.1}, published: [0.9, 0.95]",
        "tested: write_up, measure: train_accuracy, split: train",
        "tested: logistic regression, full: true",
        "pytorch: batch_1, measure: val_accuracy",
        "primer: fact, published: 1.0e-7",
    ):
        models = "pytorch: {seeds: [1], models: {batch_1: {batch_size: 1}}}\n"
        path.write_text(with_claim(text) + models, encoding="utf-8")
        assert params.load(path).claims[1].id == "A1"
