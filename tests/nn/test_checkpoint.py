"""A model file: written and read without loss, refused in one line where a part is wrong."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.nn import checkpoint
from pipeline.nn.checkpoint import Model, ModelFileError
from pipeline.nn.mlp import MLP

DAMAGED = "is damaged or is no handtuned model; train it again"


@pytest.fixture
def model() -> Model:
    """A small network, standardized pixels, an accent in the name of a class."""
    mlp = MLP((4, 3, 2), "sigmoid", "tanh", "squared_error", biases=False)
    rng = np.random.default_rng(0)
    offset, scale = rng.random((2, 4)).astype(np.float32) + 1
    return Model(
        mlp,
        mlp.initial(rng),
        offset,
        scale,
        ("zero", "één"),
        {"trainer": {"epochs": 3}, "by": "é"},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the model goes."""
    return tmp_path / "model.npz"


def equal(a: Model, b: Model) -> bool:
    """Whether two models agree in every bit."""
    arrays = ((a.theta, b.theta), (a.offset, b.offset), (a.scale, b.scale))
    return (a.mlp, a.classes, a.about) == (b.mlp, b.classes, b.about) and all(
        x.dtype == y.dtype and np.array_equal(x, y) for x, y in arrays
    )


def write_npz(path: Path, **changes: Any) -> None:
    """Write a file with the parts of a model, some of them changed or, where None, left out."""
    description = {
        "format": "handtuned model",
        "version": 2,
        "network": asdict(MLP((4, 3, 2))) | changes.pop("network", {}),
        "classes": ["a", "b"],
        "about": {},
    }
    described = description | changes.pop("description", {})
    parts = {
        "description": np.array(json.dumps({k: v for k, v in described.items() if v is not None})),
        "theta": np.zeros(23, np.float32),
        "offset": np.zeros(4, np.float32),
        "scale": np.ones(4, np.float32),
    }
    np.savez(path, **{k: v for k, v in (parts | changes).items() if v is not None})


def test_what_is_saved_is_loaded(model: Model, path: Path) -> None:
    """Network, parameters, normalization, names and notes come back as they were."""
    checkpoint.save(path, model)
    assert equal(checkpoint.load(path), model)


def test_same_model_gives_the_same_bytes(model: Model, path: Path, tmp_path: Path) -> None:
    """Saved again, after loading, or with its notes in another order: the same bytes."""
    checkpoint.save(path, model)
    reordered = replace(model, about=dict(reversed(model.about.items())))
    loaded = checkpoint.load(path)
    for name, again in (("a.npz", model), ("b.npz", loaded), ("c.npz", reordered)):
        checkpoint.save(tmp_path / name, again)
        assert (tmp_path / name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_model_takes_raw_pixels(model: Model, path: Path, dtype: type) -> None:
    """Outputs for raw pixels of any type are the network's, after offset and scale."""
    checkpoint.save(path, model)
    raw = np.array([[0, 50, 100, 255], [9, 8, 7, 6]], dtype)
    pixels = ((raw - model.offset) / model.scale).astype(np.float32)
    found = checkpoint.load(path).outputs(raw)
    np.testing.assert_array_equal(found, model.mlp.outputs(model.theta, pixels))
    assert found.dtype == np.float32


def test_any_numpy_can_read_it(model: Model, path: Path) -> None:
    """Without this program and without pickles: the arrays, and a description in JSON."""
    checkpoint.save(path, model)
    with np.load(path, allow_pickle=False) as archive:
        assert sorted(archive) == ["description", "offset", "scale", "theta"]
        np.testing.assert_array_equal(archive["theta"], model.theta)
        description = json.loads(str(archive["description"]))
    assert description["network"]["widths"] == [4, 3, 2]
    assert description["classes"] == ["zero", "één"]


@pytest.mark.parametrize(
    "changes",
    [
        {"theta": None},
        {"scale": None},
        {"description": {"classes": None}},
        {"description": {"network": None}},
        {"description": {"network": 7}},
        {"network": {"widths": [4]}},
        {"network": {"widths": "wide"}},
        {"network": {"widths": 7}},
        {"network": {"widths": [4, 3, 1]}},
        {"network": {"activation": "softplus"}},
        {"network": {"activation": []}},
        {"network": {"output": "relu"}},
        {"network": {"loss": None}},
        {"network": {"biases": "yes"}},
        {"network": {"layers": 2}},
        {"offset": np.array([None])},
        {"theta": np.zeros(23, int)},
        {"theta": np.full(23, "0")},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_model_with_a_wrong_part_is_refused(path: Path, changes: dict[str, Any]) -> None:
    """A part that is missing or makes no sense spoils the file."""
    write_npz(path, **changes)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path} {DAMAGED}"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (
            {"description": {"version": 3}},
            "must be a handtuned model of version 2; train it again",
        ),
        (
            {"description": {"format": "handtuned training"}},
            "must be a handtuned model of version 2; train it again",
        ),
        (
            {"theta": np.zeros(22)},
            "must hold 23 parameters, but holds 22; train it again",
        ),
        ({"scale": np.ones(5)}, "must scale 4 pixels; train it again"),
    ],
)
def test_model_of_another_make_is_refused_by_name(
    path: Path, changes: dict[str, Any], rule: str
) -> None:
    """Another version and too few parameters are told apart from damage."""
    write_npz(path, **changes)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path} {rule}"


def test_file_of_the_first_version_is_refused_by_name(path: Path) -> None:
    """A model as version 1 wrote it, whole, is told to be trained again, in one line."""
    old = {"version": 1, "network": None, "widths": [4, 3, 2], "activation": "relu"}
    write_npz(path, description=old)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load(path)
    rule = "must be a handtuned model of version 2; train it again"
    assert str(caught.value) == f"{path} {rule}"


def test_made_up_file_without_changes_is_accepted(path: Path) -> None:
    """What the two tables above change is the only thing wrong with their files."""
    write_npz(path)
    assert checkpoint.load(path).mlp == MLP((4, 3, 2))
