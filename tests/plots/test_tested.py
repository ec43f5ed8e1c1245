"""What was tested, as a table and in words."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import load, tested, words
from analysis.load import Final
from analysis.statistics import mean_difference

Bits = NDArray[np.bool_]
IMAGES = 400


@pytest.fixture
def final(reports: Path) -> Final:
    """The made-up test: three tuned networks, three published ones, and a peer without seeds."""
    return load.final(reports)


def right(*counts: int) -> Bits:
    """Networks, a row each, that get the first so many images right."""
    return np.arange(IMAGES) < np.array(counts)[:, None]


def noisy(accuracy: float, seed: int) -> Bits:
    """Three networks, each right on images of its own."""
    return np.random.default_rng(seed).random((3, IMAGES)) < accuracy


def compared(networks: Mapping[str, Bits], notes: Mapping[str, str] | None = None) -> Final:
    """Configurations that were tested, by name, over a seed a row."""
    rows = [
        {"configuration": name, "kind": "tuned" if name == "tuned" else "published"}
        | {"seed": seed, "note": (notes or {}).get(f"{name} {seed}", np.nan), "parameters": 1000}
        | {"epochs": 2 if f"{name} {seed}" in (notes or {}) else 20}
        for name, bits in networks.items()
        for seed in range(1, len(bits) + 1)
    ]
    nothing = DataFrame()
    return Final(
        metrics={"images": IMAGES, "classes": list("0123456789"), "image_shape": [28, 28]},
        networks=DataFrame(rows),
        history=nothing,
        predictions=nothing,
        samples={},
        first_layer=np.zeros((0, 0)),
        packed=np.packbits(np.concatenate([*networks.values()]), axis=1),
    )


def test_what_was_tested_stands_in_its_order(final: Final) -> None:
    """The tuned first, then what was published, the peers, and at last guessing."""
    frame = tested.table(final)
    assert tuple(frame.columns) == tested.COLUMNS
    assert frame["configuration"].tolist() == ["tuned", "write_up", "k nearest", "random guess"]
    assert frame["seeds"].tolist() == [3, 3, pd.NA, pd.NA]
    assert set(frame["split"]) == {"test"}
    means = final.networks.groupby("configuration", sort=False)["test_accuracy"].mean()
    assert frame["test_accuracy"].tolist()[:3] == pytest.approx(means.tolist())
    measured = frame.head(3)
    assert measured["test_accuracy"].between(measured["low"], measured["high"]).all()


def test_differences_are_to_the_tuned(final: Final) -> None:
    """By seed where the seeds are shared; one model without seeds beside every tuned network."""
    frame = tested.table(final).set_index("configuration")
    tuned = final.right()
    for name in ("write_up", "k nearest"):
        row, expected = frame.loc[name], mean_difference(final.right(name), tuned)
        assert row["difference"] == pytest.approx(row["test_accuracy"] - tuned.mean())
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(expected)
    assert frame.loc["tuned", ["difference", "difference_low"]].isna().all()


def test_guessing_is_not_measured(final: Final) -> None:
    """One in ten, or in as many classes as there are, without an interval."""
    last = tested.table(final).iloc[-1]
    assert last["test_accuracy"] == 0.1
    assert last["difference"] == pytest.approx(0.1 - final.right().mean())
    assert last[["low", "high", "difference_low", "difference_high"]].isna().all()
    four = replace(final, metrics=final.metrics | {"classes": ["a", "b", "c", "d"]})
    assert tested.table(four)["test_accuracy"].iloc[-1] == 0.25


def test_what_was_tested_reads_as_a_table(final: Final) -> None:
    """What is not there is left empty, not called NaN."""
    text = tested.markdown(tested.table(final))
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][2:]
    assert [row[0] for row in rows] == ["| tuned", "| write up", "| k nearest", "| random guess"]
    assert rows[0][1:] == ["the confirmed winner", rows[0][2], "", "3", "101,770", " |"]
    assert rows[3][2] == "10.0 %"
    assert "nan" not in text.lower()
    assert "<na>" not in text.lower()


def test_notes_say_of_how_many_seeds() -> None:
    """A published network that diverged with one seed is not said to diverge with all."""
    networks = {"tuned": right(380, 380), "some": right(40, 390), "all": right(40, 40)}
    lost = dict.fromkeys(("some 1", "all 1", "all 2"), "diverged")
    frame = tested.table(compared(networks, lost)).set_index("configuration")
    assert frame["note"].tolist()[:3] == ["", "diverged (1 of 2 seeds)", "diverged"]
    assert frame["epochs"].tolist()[:3] == [20, 20, 2]


def test_the_tuned_is_told_beside_the_others() -> None:
    """Better or worse by points where the interval says so, else not clearly different."""
    networks = {"tuned": right(360, 362, 358)}
    networks |= {"worse_one": right(300, 302, 298), "better": right(390, 392, 388)}
    networks |= {"alike": networks["tuned"], "unclear": noisy(0.9, 5)}
    frame = tested.table(compared(networks))
    ahead = words.points(networks["tuned"].mean() - networks["unclear"].mean())
    assert list(tested.beside(frame)) == [
        "better than worse one by 15.0 points",
        "worse than better by 7.5 points",
        "not clearly different from alike (+0.0 points)",
        f"not clearly different from unclear ({ahead} points)",
    ]
