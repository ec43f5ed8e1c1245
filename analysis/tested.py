"""What was tested: the tuned configuration, published ones and other models, on test images."""

from collections.abc import Iterator, Mapping
from typing import Any

from pandas import DataFrame, Series

from analysis import words
from analysis.load import Final
from analysis.statistics import mean_accuracy, mean_difference

KINDS = {
    "tuned": "the confirmed winner",
    "published": "fixed beforehand",
    "peer": "for comparison",
}
COLUMNS = (
    *("configuration", "kind", "split", "test_accuracy", "low", "high", "seeds"),
    *("difference", "difference_low", "difference_high", "epochs", "parameters", "note"),
)
NOTES = (
    "Test accuracy, mean over seeds where there are several. Brackets are 95 % intervals that "
    "count the test images, and the seeds where there are several.",
    "Beside the tuned: the difference to it in points, paired by image, and by seed where the "
    "seeds are shared.",
    "Other libraries' models are trained once; their notes say what they do otherwise.",
    "Random guess: what equal chances give, not measured.",
)


def table(tested: Final) -> DataFrame:
    """One row a configuration or model, in the order tested, then guessing at random."""
    chance = 1 / len(tested.metrics["classes"])
    tuned, names = tested.right(), dict.fromkeys(tested.networks["configuration"])
    rows = [_row(tested, str(name)) for name in names]
    guess = {"configuration": "random guess", "kind": "", "test_accuracy": chance}
    guess |= {"difference": chance - float(tuned.mean())}
    frame = DataFrame([*rows, guess], columns=list(COLUMNS)).assign(split="test")
    return frame.astype({"seeds": "Int64", "epochs": "Int64", "parameters": "Int64"})


def markdown(frame: DataFrame) -> str:
    """The table as people read it."""
    rows = frame.to_dict("records")
    shown = DataFrame(
        {
            "model": frame["configuration"].str.replace("_", " "),
            "what": [KINDS.get(kind, "") for kind in frame["kind"]],
            "test accuracy": [
                words.with_interval(r["test_accuracy"], r["low"], r["high"]) for r in rows
            ],
            "beside the tuned (points)": [_difference(row) for row in rows],
            "seeds": frame["seeds"].map(str).replace("<NA>", ""),
            "parameters": frame["parameters"].map("{:,}".format).replace("<NA>", ""),
            "note": [note if isinstance(note, str) else "" for note in frame["note"]],
        }
    )
    return words.markdown(shown, *NOTES)


def _row(tested: Final, name: str) -> dict[str, Any]:
    networks = tested.networks[tested.networks["configuration"] == name]
    first, right, tuned = networks.iloc[0], tested.right(name), tested.right()
    low, high = mean_accuracy(right)
    # a model without seeds is compared with every tuned network
    change = mean_difference(right, tuned) if name != "tuned" else None
    return {
        **{key: first[key] for key in ("configuration", "kind", "parameters")},
        "test_accuracy": float(right.mean()),
        "low": low,
        "high": high,
        "seeds": len(right) if first["kind"] != "peer" else None,
        "difference": float(right.mean() - tuned.mean()) if change else None,
        "difference_low": change.low if change else None,
        "difference_high": change.high if change else None,
        "epochs": networks["epochs"].max(),  # one that diverged was trained for fewer
        "note": _note(networks["note"]),
    }


def _note(notes: "Series[str]") -> str:
    """What is noted of a configuration's networks, and of how many seeds if not of all."""
    said = notes.dropna().tolist()
    return "; ".join(
        note
        if said.count(note) == len(notes)
        else f"{note} ({said.count(note)} of {len(notes)} seeds)"
        for note in dict.fromkeys(said)
    )


def _difference(row: Mapping[Any, Any]) -> str:
    change, low, high = (
        words.points(row[k]) for k in ("difference", "difference_low", "difference_high")
    )
    return f"{change} ({low} to {high})" if low else change


def beside(frame: DataFrame) -> Iterator[str]:
    """What the tuned network is better or worse than, in words."""
    for row in frame.dropna(subset="difference_low").to_dict("records"):
        name = str(row["configuration"]).replace("_", " ")
        ahead = -row["difference"]
        by = f"{100 * abs(ahead):.1f} points"
        if row["difference_high"] < 0:
            yield f"better than {name} by {by}"
        elif row["difference_low"] > 0:
            yield f"worse than {name} by {by}"
        else:
            yield f"not clearly different from {name} ({words.points(ahead)} points)"
