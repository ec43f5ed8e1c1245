"""What was trained again over fresh seeds, as a table and in words."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import confirmation, load, standings, words
from analysis.load import Study
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
        for seed, bits in zip(SEEDS, each, strict=False)
    ]
    return Study(
        key="confirm",
        about={
            "validation_images": IMAGES,
            "classes": 10,
            "candidates": candidates,
            "winner": {"variant": won},
        },
        trials=DataFrame(rows).assign(number=range(len(rows))),
        history=DataFrame(),
        timing=DataFrame(),
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
    assert all(note in text for note in (confirmation.MEANS, *confirmation.NOTES))


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"b": right(200, 210, 205)}, "the other is not as good"),
        ({"b": noisy(0.9, 2)}, "the other may be as good"),
        ({"b": right(9, 8, 7), "c": right(8, 7, 6)}, "none of the 2 others is as good"),
        ({"b": noisy(0.9, 2), "c": right(9, 8, 7)}, "1 of the 2 others may be as good"),
        ({"b": noisy(0.9, 2), "c": noisy(0.88, 3)}, "2 of the 2 others may be as good"),
        ({}, "nothing else was trained again"),
    ],
    ids=["not-one", "one", "none", "some", "all", "alone"],
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
    assert said.endswith("Its score in the search was 0.1 points higher than that mean.")
    assert leader.mean() == pytest.approx(0.8992, abs=1e-4)


@pytest.mark.parametrize(
    ("correct", "expected"),
    [
        (352, "2.0 points higher than that"),
        (368, "2.0 points lower than that"),
        (360, "just that"),
    ],
)
def test_luck_is_told_in_words(correct: int, expected: str) -> None:
    """The score in the search, 0.9, lies above, below or at what was reached again."""
    several = confirmation.table(confirmed({"a": right(correct, correct, correct)}))
    assert confirmation.verdict(several).endswith(f"Its score in the search was {expected} mean.")
    one = confirmation.table(confirmed({"a": right(correct)}))
    assert "Trained again over 1 seed that chose nothing" in confirmation.verdict(one)
    assert confirmation.verdict(one).endswith(f"Its score in the search was {expected}.")


def test_notes_count_seeds_only_where_there_are_several() -> None:
    """The interval of one training is of its images: nobody is told that it counts seeds."""
    for bits in (right(300), right(300, 310, 320)):
        study = confirmed({"a": bits})
        text = confirmation.markdown(confirmation.table(study), study)
        assert ("count both the seeds" in text) is (len(bits) > 1)
        assert ("images but not the seed" in text) is (len(bits) == 1)


def test_a_candidate_that_always_diverged_has_no_interval() -> None:
    """Chance is assigned to it, not measured: it ties with nobody, and the table says 10 %."""
    study = confirmed({"a": right(300, 310, 320), "b": right(0, 0, 0)})
    study.trials.loc[study.trials["variant"] == "b", "feasible"] = 0
    frame = confirmation.table(study)
    assert frame["val_accuracy"].tolist() == pytest.approx([0.775, 0.1])
    ends = ["low", "high", "behind_low", "behind_high"]
    assert frame[ends].isna().all(axis=1).tolist() == [False, True]
    assert frame["tied"].tolist() == [True, False]
    assert "| 10.0 % | +67.5 | no |" in confirmation.markdown(frame, study)


def test_a_winner_that_always_diverged_does_not_stand() -> None:
    """Where all diverged all are equal, and the page's drawing has nothing to show of them."""
    study = confirmed({"a": right(0, 0, 0), "b": right(0, 0, 0)})
    study.trials["feasible"] = 0
    frame = confirmation.table(study)
    assert frame[["low", "high", "behind_low", "behind_high"]].isna().all(axis=None)
    assert frame["tied"].all()
    assert not any(list(standings.mean_of("Winner", r)) for r in frame.to_dict("records"))
