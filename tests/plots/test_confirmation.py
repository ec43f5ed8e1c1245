"""What was trained again and what was tested, as tables and in words."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import confirmation, load, tested, words
from analysis.load import Final, Study
from analysis.statistics import mean_accuracy, mean_difference

Bits = NDArray[np.bool_]
IMAGES = 400
SEEDS = (101, 102, 103)


@pytest.fixture
def confirm(reports: Path) -> Study:
    """The made-up candidates, trained again over three seeds."""
    study = load.confirm(reports)
    assert study is not None
    return study


@pytest.fixture
def final(reports: Path) -> Final:
    """The made-up test: three tuned networks, three published ones, and a peer without seeds."""
    return load.final(reports)


def right(*counts: int) -> Bits:
    """Networks, a row each, that get the first so many images right."""
    return np.arange(IMAGES) < np.array(counts)[:, None]


def noisy(accuracy: float, seed: int) -> Bits:
    """Three networks, each right on images of its own."""
    return np.random.default_rng(seed).random((len(SEEDS), IMAGES)) < accuracy


def confirmed(
    networks: Mapping[str, Bits], *, won: str = "a", diverged: tuple[str, int] | None = None
) -> Study:
    """Candidates trained again, by name; in the search each scored 0.9."""
    candidates = [
        {"variant": name, "role": "search", "study": "search", "number": number}
        | {"val_accuracy": 0.9, "params": {"hidden_size": 128}}
        for number, name in enumerate(networks)
    ]
    rows = [
        {"variant": name, "seed": seed, "parameters": 1000, "val_accuracy": bits.mean()}
        | {"feasible": int((name, seed) != diverged)}
        for name, each in networks.items()
        for seed, bits in zip(SEEDS, each, strict=True)
    ]
    return Study(
        key="confirm",
        about={"validation_images": IMAGES, "candidates": candidates, "winner": {"variant": won}},
        trials=DataFrame(rows).assign(number=range(len(rows))),
        history=DataFrame(),
        timing=DataFrame(),
        packed=np.packbits(np.concatenate([*networks.values()]), axis=1),
    )


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
        metrics={"images": IMAGES},
        networks=DataFrame(rows),
        history=nothing,
        predictions=nothing,
        samples={},
        first_layer=np.zeros((0, 0)),
        packed=np.packbits(np.concatenate([*networks.values()]), axis=1),
    )


def test_the_best_mean_over_fresh_seeds_comes_first(confirm: Study) -> None:
    """Every candidate has one row with its mean, in the order of the means."""
    frame = confirmation.table(confirm)
    assert tuple(frame.columns) == confirmation.COLUMNS
    assert frame["rank"].tolist() == [1, 2, 3, 4]
    assert frame["val_accuracy"].is_monotonic_decreasing
    means = confirm.trials.groupby("variant")["val_accuracy"].mean()
    assert frame["val_accuracy"].tolist() == pytest.approx(means[frame["variant"]].tolist())
    assert frame["val_accuracy"].between(frame["low"], frame["high"]).all()
    assert frame["seeds"].tolist() == [3] * 4
    assert set(frame["split"]) == {"val"}


def test_of_equals_the_winner_comes_first() -> None:
    """The leader of the table is the configuration that the stage took, which is then tested."""
    networks = {"a": right(300, 320, 310), "b": right(310, 310, 310), "c": right(300, 300, 300)}
    for won in ("a", "b"):
        frame = confirmation.table(confirmed(networks, won=won))
        assert frame["variant"].iloc[0] == won
        assert frame["behind"].tolist() == pytest.approx([0, 0, 10 / IMAGES])


def test_a_seed_that_diverged_counts_as_guessing() -> None:
    """As where the winner is found: a chance of one in ten, not no image at all."""
    networks = {"a": right(400, 400, 0), "b": right(272, 272, 272)}
    frame = confirmation.table(confirmed(networks, diverged=("a", SEEDS[2])))
    assert frame["variant"].tolist() == ["a", "b"]  # 0.7 and 0.68; with no image right 0.667
    assert frame["val_accuracy"].iloc[0] == pytest.approx(0.7)


def test_behind_is_paired_by_seed_and_image() -> None:
    """Seeds that move both alike leave the difference sharp, though the means' intervals touch."""
    networks = {"a": right(300, 340, 380), "b": right(290, 330, 370)}
    first, second = confirmation.table(confirmed(networks)).to_dict("records")
    assert second["high"] > first["low"]
    assert second["behind"] == pytest.approx(10 / IMAGES)
    assert 0 < second["behind_low"] < second["behind"] < second["behind_high"]
    assert not second["tied"]


def test_intervals_hold_together() -> None:
    """Bonferroni: with three rivals each interval is at 1 - 0.05 / 3, with one at 0.95."""
    networks = {"a": noisy(0.95, 1), "b": noisy(0.9, 2), "c": noisy(0.8, 3), "d": noisy(0.7, 4)}
    for n, level in ((2, 0.95), (4, 1 - 0.05 / 3)):
        some = dict(list(networks.items())[:n])
        row = confirmation.table(confirmed(some)).iloc[1]
        expected = mean_difference(some["a"], some["b"], level)
        assert (row["behind_low"], row["behind_high"]) == pytest.approx(expected)


def test_tied_is_what_may_be_as_good() -> None:
    """The leader ties with itself, and so does what its interval cannot tell from it."""
    networks = {"a": noisy(0.92, 1), "b": noisy(0.915, 2), "c": noisy(0.6, 3)}
    frame = confirmation.table(confirmed(networks))
    assert frame["tied"].tolist() == [True, True, False]
    assert frame["tied"].tolist() == (frame["behind_low"] <= 0).tolist()


def test_luck_is_what_the_search_promised_too_much(confirm: Study) -> None:
    """Its score there minus the mean over fresh seeds: positive for the best of many."""
    frame = confirmation.table(confirm)
    promised = {c["variant"]: c["val_accuracy"] for c in confirm.about["candidates"]}
    assert frame["search_accuracy"].tolist() == [promised[v] for v in frame["variant"]]
    assert frame["curse"].tolist() == (frame["search_accuracy"] - frame["val_accuracy"]).tolist()
    assert (frame.loc[frame["role"] == "search", "curse"] > 0).all()


def test_what_was_confirmed_reads_as_a_table(confirm: Study) -> None:
    """A line a candidate: where it is from, why it is there, how far behind; nothing missing."""
    text = confirmation.markdown(confirmation.table(confirm), confirm)
    leader, *others = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert leader.startswith("| 1 | search 3 | among the best of the search | 94.0 % (")
    assert "|  | yes | 95.5 % | +1.5 | hidden units 128, learning rate 0.01 |" in leader
    assert [line.split(" | ")[1] for line in others] == ["search 7", "random 2", "search 5"]
    assert "pruned, now trained to its end" in others[-1]
    assert "nan" not in text.lower()
    assert all(note in text for note in confirmation.NOTES)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"b": right(200, 210, 205)}, "none of the others may be as good"),
        ({"b": noisy(0.9, 2), "c": right(9, 8, 7)}, "1 of the 2 others may be as good"),
        ({"b": noisy(0.9, 2), "c": noisy(0.88, 3)}, "2 of the 2 others may be as good"),
        ({}, "nothing else was trained again"),
    ],
    ids=["none", "some", "all", "alone"],
)
def test_the_verdict_counts_who_ties(others: dict[str, Bits], expected: str) -> None:
    """Who leads, with its interval, whether others may be as good, and the leader's luck."""
    leader = noisy(0.91, 1)
    said = confirmation.verdict(confirmation.table(confirmed({"a": leader, **others})))
    low, high = mean_accuracy(leader)
    shown = words.with_interval(leader.mean(), low, high)
    assert said.startswith(
        f"Trained again over 3 seeds that chose nothing, search trial 0 leads "
        f"with {shown}; {expected}. "
    )
    assert said.endswith(f"{words.points(0.9 - leader.mean())} points off that mean.")


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
    assert tested.table(final, classes=4)["test_accuracy"].iloc[-1] == 0.25


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
