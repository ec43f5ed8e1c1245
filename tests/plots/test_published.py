"""What was published beside ours: agreement at its edges, every place, what is missing."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal

from analysis import configurations, digits, load, published
from analysis.ours import Ours
from analysis.statistics import mean_accuracy
from pipeline import params
from pipeline.claim_settings import Claim
from tests.plots import made_up

SIZES = {"train": 3000, "val": 400, "test": 1000}
ACCURACIES = {"batch_1": (0.6, 0.5, 0.7), "batch_32": (0.2, 0.3, 0.1)}


@pytest.fixture(scope="module")
def place(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up reports with PyTorch's models and facts of the primer; to be read only."""
    folder = Path(shutil.copytree(reports, tmp_path_factory.mktemp("published") / "reports"))
    _write_models(folder / "pytorch")
    (folder / "primer").mkdir()
    facts = "gates_learned,4,,,\nshare,0.5,0.2,0.8,10\nnever,nan,,,3\nlong,0.12345678912,,,\n"
    (folder / "primer" / "facts.csv").write_text(f"fact,value,low,high,seeds\n{facts}")
    return folder


def _write_models(folder: Path) -> None:
    """Two models of three seeds: of the first half of the test images are right, for instance."""
    folder.mkdir()
    rows, bits = [], {"correct": [], "correct_val": []}
    for name, (train, val, test) in ACCURACIES.items():
        for seed in (1, 2, 3):
            row = {"model": name, "seed": seed, "epochs": 9, "updates": 9}
            row |= {"train_accuracy": train + seed / 100, "val_accuracy": val}
            rows.append(row | {"test_accuracy": test, "weight_difference": 0.0})
            bits["correct"].append(np.arange(SIZES["test"]) < test * SIZES["test"])
            bits["correct_val"].append(np.arange(SIZES["val"]) < val * SIZES["val"])
    made_up.write_csv(folder / "models.csv", rows)
    for name, right in bits.items():
        np.save(folder / f"{name}.npy", np.packbits(right, axis=1))


def row_of(place: Path, sizes: dict[str, int] = SIZES, **claim: Any) -> dict[str, Any]:
    """The one row of one claim."""
    made = Claim(**({"id": "A1", "quantity": "q"} | claim))
    (row,) = published.table([made], place, sizes).to_dict("records")
    return {str(name): value for name, value in row.items()}


@pytest.mark.parametrize(
    ("figure", "ours", "expected"),
    [
        ("0.881", Ours(0.8805), "within"),
        ("0.881", Ours(0.88049), "below"),
        ("0.881", Ours(0.8815), "within"),
        ("0.881", Ours(0.88151), "above"),
        ("0.9", Ours(0.905), "within"),  # 90 %, not 0.85 to 0.95
        ("0.9", Ours(0.9051), "above"),
        ("1", Ours(0.994), "below"),
        ("0.85 to 0.88", Ours(0.90, 0.88, 0.92), "within"),
        ("0.85 to 0.88", Ours(0.90, 0.8801, 0.92), "above"),
        ("0.85 to 0.88", Ours(0.80, 0.75, 0.85), "within"),
        ("0.85 to 0.88", Ours(0.80, 0.75, 0.8499), "below"),
        ("0.85 to 0.88", Ours(0.5, 0.1, 0.9), "within"),
        ("0 to 1e-07", Ours(4.8e-10), "within"),
        ("0 to 1e-07", Ours(2e-7), "above"),
        ("4", Ours(4.0), "within"),
        ("102912", Ours(101632.0), "below"),
    ],
)
def test_agreement_is_judged_by_our_interval(figure: str, ours: Ours, expected: str) -> None:
    """Ends that touch agree; a figure stands for what rounds to it; no interval is a point."""
    assert published.agreement(figure, ours) == expected


def test_a_variant_is_found_with_every_measure(place: Path) -> None:
    """A variant's numbers are those of the table of configurations."""
    frame = configurations.table(load.study("iterations", place)).set_index("variant")
    expected, named = frame.loc["units_256"], {"study": "iterations", "variant": "units_256"}
    ends = {"": ("low", "high"), "train_accuracy": ("train_low", "train_high")}
    for measure, of in (ends | {"gap": ("gap_low", "gap_high")}).items():
        row = row_of(place, **named, measure=measure or None)
        assert row["ours"] == expected[measure or "val_accuracy"]
        assert (row["low"], row["high"]) == tuple(expected[list(of)])
        assert row["split"] == {"": "val", "train_accuracy": "train"}.get(measure, "")
        assert row["seeds"] == 3
    for measure, value in (("epochs", 80), ("parameters", 795 * 256 + 10)):
        row = row_of(place, **named, measure=measure)
        assert (row["ours"], row["split"]) == (value, "")
        assert np.isnan(row["low"])


@pytest.mark.parametrize(
    "where", [{}, {"hidden_size": 32}, {"batch_size": 16, "learning_rate": 0.1}]
)
def test_the_best_that_matches_is_taken(place: Path, where: dict[str, Any]) -> None:
    """Of the points with these values the best mean; of all points where none is asked for."""
    frame = configurations.table(load.study("grid", place))
    for name, value in where.items():
        frame = frame[frame[name] == value]
    row = row_of(place, study="grid", where=where)
    assert row["ours"] == frame["val_accuracy"].max()
    assert row["split"] == "val"


def test_a_choice_in_words_is_matched(place: Path) -> None:
    """Text that is searched matches as text."""
    trials = load.study("random", place).trials
    best = trials[trials["optimizer"] == "sgd"]["val_accuracy"].max()
    assert row_of(place, study="random", where={"optimizer": "sgd"})["ours"] == best


def test_a_number_is_matched_among_words(tmp_path: Path) -> None:
    """A size of 16 is found where sizes may be "full" too, and are texts therefore."""
    names = ("batch_size", "hidden_size", "learning_rate")
    points = [dict(zip(names, (size, 32, 0.01), strict=True)) for size in (16, "full")]
    space = {
        name: {"type": "categorical", "choices": list(dict.fromkeys(p[name] for p in points))}
        for name in names
    }
    made_up.write_study(tmp_path, "sizes", points, space=space, sampler="grid", diverged=0.0)
    trials = load.study("sizes", tmp_path).trials
    for size, right in zip((16, "full"), trials["val_accuracy"], strict=True):
        assert row_of(tmp_path, study="sizes", where={"batch_size": size})["ours"] == right


def test_what_was_tested_is_found(place: Path) -> None:
    """Test accuracy counts images and seeds; training accuracy is that of each last epoch."""
    final = load.final(place)
    row = row_of(place, tested="write_up")
    right = final.right("write_up")
    assert (row["ours"], row["split"], row["seeds"]) == (right.mean(), "test", 3)
    assert (row["low"], row["high"]) == mean_accuracy(right)
    row = row_of(place, tested="write_up", measure="train_accuracy")
    last = final.history[final.history["configuration"] == "write_up"].groupby("seed").last()
    assert row["ours"] == pytest.approx(last["train_accuracy"].mean())
    assert (row["split"], row["seeds"]) == ("train", 3)


def test_a_digit_alone_is_found(place: Path) -> None:
    """Only the test images of that digit count; one that no image shows is said to be missing."""
    final = load.final(place)
    own = final.right("write_up")[:, (final.predictions["label"] == 3).to_numpy()]
    row = row_of(place, tested="write_up", label=3)
    assert (row["ours"], row["split"]) == (own.mean(), "test")
    assert (row["low"], row["high"]) == mean_accuracy(own)
    missing = row_of(place, tested="write_up", label=77)
    assert "no test image is of class 77" in missing["cause"]
    by_digit = digits.over_seeds(final.right("write_up"), final.predictions["label"].to_numpy())
    (three,) = by_digit[by_digit["digit"] == 3].to_dict("records")
    assert (three["accuracy"], three["images"]) == (own.mean(), own.shape[1])


def test_a_peer_without_seeds_is_found(place: Path) -> None:
    """A model of scikit-learn's counts its images alone."""
    row = row_of(place, tested="k nearest")
    assert row["low"] < row["ours"] < row["high"]
    assert row["seeds"] is None


def test_models_of_pytorch_are_found(place: Path) -> None:
    """Each split has its accuracy, over images where they are kept and over seeds else."""
    for split, value in zip(("train", "val", "test"), (0.62, 0.5, 0.7), strict=True):
        row = row_of(place, pytorch="batch_1", measure=f"{split}_accuracy")
        assert row["ours"] == pytest.approx(value)
        assert (row["split"], row["seeds"]) == (split, 3)
        assert row["low"] < row["ours"] < row["high"]
    assert row_of(place, pytorch="batch_32")["ours"] == pytest.approx(0.1)


def test_facts_are_found(place: Path) -> None:
    """A fact is a number, with an interval and seeds where it has them."""
    row = row_of(place, primer="gates_learned", published=4)
    assert (row["ours"], row["split"], row["agrees"]) == (4, "", "within")
    row = row_of(place, primer="share")
    assert (row["low"], row["high"], row["seeds"]) == (0.2, 0.8, 10)


MISSING = {
    "python -m studies run c7": {"study": "c7"},
    "iterations has no variant units_9; run python -m studies run iterations": {
        "study": "iterations",
        "variant": "units_9",
    },
    "e_sgd was not tested; run python -m studies final": {"tested": "e_sgd"},
    "batch_9 was not trained; run python -m studies pytorch": {"pytorch": "batch_9"},
    "no fact xyz; run python -m pipeline primer": {"primer": "xyz"},
    "none that was tried got there": {"primer": "never"},
}


@pytest.mark.parametrize(("cause", "claim"), MISSING.items())
def test_what_is_missing_names_its_command(place: Path, cause: str, claim: dict[str, str]) -> None:
    """No figure of ours, no judgement, and what makes it."""
    row = row_of(place, published=0.9, **claim)
    assert np.isnan(row["ours"])
    assert row["agrees"] == ""
    assert cause in row["cause"]


@pytest.mark.parametrize(
    ("claim", "command"),
    [
        ({"tested": "x"}, "python -m studies final"),
        ({"pytorch": "x"}, "python -m studies pytorch"),
        ({"primer": "x"}, "python -m pipeline primer"),
    ],
)
def test_stages_that_have_not_run_are_named(
    tmp_path: Path, claim: dict[str, str], command: str
) -> None:
    """Without any reports every row says what to run."""
    assert row_of(tmp_path, {}, **claim)["cause"].endswith(f"has not been run; run {command}")


def test_without_pytorch_the_remedy_is_to_install_it(place: Path, tmp_path: Path) -> None:
    """A table of models without rows is what a run without PyTorch leaves."""
    (tmp_path / "pytorch").mkdir()
    head = (place / "pytorch" / "models.csv").read_text().splitlines()[0]
    (tmp_path / "pytorch" / "models.csv").write_text(f"{head}\n")
    assert "make torch" in row_of(tmp_path, pytorch="batch_1")["cause"]


def test_what_takes_all_of_mnist_is_not_judged_on_less(place: Path) -> None:
    """Ours is given all the same; with 50,000 training images it is judged."""
    claim = {"published": 0.5, "study": "iterations", "variant": "units_256", "full": True}
    less, enough = (row_of(place, SIZES | {"train": n}, **claim) for n in (49_999, 50_000))
    assert less["ours"] == enough["ours"] > 0.5
    assert (less["agrees"], enough["agrees"]) == ("", "above")
    assert (
        "takes all of MNIST (data.source, data.sizes), not 49,999 training images" in less["cause"]
    )
    assert "MNIST" not in enough["cause"]
    assert "MNIST" in row_of(place, {}, **claim)["cause"]  # nothing is known of the images
    frame = DataFrame([less, enough, row_of(place, study="c7"), row_of(place, study="grid")])
    assert published.status(frame).tolist() == ["full", "above", "missing", "ours"]


def test_validation_beside_test_is_said(place: Path) -> None:
    """Who compares with other images than were published says so, agreement or not."""
    for figure in (0.3, (0.0, 1.0)):
        row = row_of(
            place, published=figure, split="test", study="iterations", variant="units_256"
        )
        assert "ours is validation" in row["cause"]
    same = row_of(place, published=0.3, split="test", tested="write_up")
    unknown = row_of(place, published=0.3, study="iterations", variant="units_256")
    assert (same["cause"], unknown["cause"]) == ("", "")


def test_a_cause_is_for_what_differs(place: Path) -> None:
    """Where both agree there is nothing to explain."""
    claim = {"tested": "write_up", "cause": "a known difference"}
    agrees, above = (row_of(place, published=p, **claim) for p in ((0.5, 1.0), 0.2))
    assert (agrees["agrees"], agrees["cause"]) == ("within", "")
    assert (above["agrees"], above["cause"]) == ("above", "a known difference")


CLAIMS = """
claims:
  - {id: A1, quantity: first, published: [0.85, 0.88], split: test, study: random}
  - {id: B, quantity: second, published: 0.9425, primer: share}
  - {id: C1, quantity: "third, alone", study: grid}
  - {id: C2, quantity: fourth, primer: long}
"""


@pytest.fixture
def written(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of tables, written by the command for three claims."""
    shutil.copytree(place, tmp_path / "reports")
    text = (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8") + CLAIMS
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    published.main()
    return tmp_path / "reports" / "tables"


def test_the_file_has_exactly_these_columns(written: Path) -> None:
    """The columns and their order, figures as published, numbers to nine digits."""
    first, *rows = (written / "published.csv").read_text().splitlines()
    assert first == "id,quantity,published,ours,low,high,split,seeds,agrees,cause"
    assert rows[0].startswith("A1,first,0.85 to 0.88,0.9")
    assert rows[1] == "B,second,0.9425,0.5,0.2,0.8,,10,below,"
    assert rows[2].startswith('C1,"third, alone",,0.9')
    assert rows[3] == "C2,fourth,,0.123456789,,,,,,"


def test_the_file_reads_back(written: Path, place: Path) -> None:
    """What is read is what was computed."""
    claims = params.load().claims
    expected = published.table(claims, place, {})
    assert_frame_equal(published.read(), expected, check_dtype=False, rtol=1e-8)


def test_people_read_per_cent(written: Path) -> None:
    """Accuracies in per cent with their intervals, facts as they are, the rule below."""
    text = (written / "published.md").read_text()
    assert "| A1 | first | 85 to 88 % | 9" in text
    assert "| B | second | 0.9425 | 0.5 (0.2 to 0.8) |" in text
    assert "stands for all that rounds to it" in text
    lines = [published.line(row) for row in published.read().to_dict("records")]
    assert lines[1] == "**B**, second: 0.9425 published, 0.5 (0.2 to 0.8) here."
    assert lines[2].startswith("**C1**, third, alone: 9")
    assert lines[2].endswith(" %) here on validation images.")
    (lost,) = published.table([Claim(id="D", quantity="q", study="c7")], written, {}).to_dict(
        "records"
    )
    assert published.line(lost).startswith("**D**, q: no figure of ours; study c7 has not")
