"""Accuracy class by class: of MNIST, digit by digit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from analysis import words
from analysis.statistics import Bits, mean_accuracy, wilson


def table(predictions: DataFrame) -> DataFrame:
    """Accuracy of each class with its interval, and the one it is most often taken for."""
    frame = DataFrame([_class(name, rows) for name, rows in predictions.groupby("label")])
    numbered = predictions["label"].dtype.kind == "i"
    return frame.astype({"taken_for": "Int64"}) if numbered else frame


def over_seeds(right: Bits, labels: NDArray[np.int64]) -> DataFrame:
    """Test accuracy of each digit, of several networks' right answers (seeds, images).

    Columns `digit`, `split`, `images`, `correct` (the mean), `accuracy`, `low`, `high`.
    """
    rows = []
    for digit in np.unique(labels):
        own = right[:, labels == digit]
        low, high = mean_accuracy(own)
        mean = float(own.mean())
        about = {"digit": int(digit), "split": "test", "images": own.shape[1]}
        counts = {"correct": mean * own.shape[1], "accuracy": mean}
        rows.append({**about, **counts, "low": low, "high": high})
    return DataFrame(rows)


def markdown(frame: DataFrame) -> str:
    """The classes as people read them."""
    shown = frame[["digit", "images", "correct"]].assign(
        accuracy=frame["accuracy"].map(words.percent),
        interval=[words.between(row["low"], row["high"]) for row in frame.to_dict("records")],
        mistaken=[
            f"{row['taken_for']} ({row['times_taken']})" if row["times_taken"] else ""
            for row in frame.to_dict("records")
        ],
    )
    shown = shown.rename(
        columns={
            "digit": words.kind(frame["digit"]),
            "interval": "95 % interval",
            "mistaken": "most often taken for (times)",
        }
    )
    return words.markdown(
        shown, f"On the {frame['split'].iloc[0]} images; the intervals are Wilson's."
    )


def _class(name: Any, rows: DataFrame) -> dict[str, Any]:
    correct = int((rows["predicted"] == name).sum())
    interval = wilson(correct, len(rows))
    taken = rows.loc[rows["predicted"] != name, "predicted"].value_counts(sort=False).sort_index()
    return {
        "digit": name,
        "split": rows["split"].iloc[0],
        "images": len(rows),
        "correct": correct,
        "accuracy": correct / len(rows),
        "low": interval.low,
        "high": interval.high,
        "taken_for": taken.index[int(taken.argmax())] if len(taken) else None,
        "times_taken": int(taken.max()) if len(taken) else 0,
    }
