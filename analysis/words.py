"""Numbers and settings as people read them; Markdown tables."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from pandas import DataFrame

WORDS = {
    "hidden_size": "hidden units",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "decay_epochs": "rate drops after epochs",
    "decay_factor": "rate drop factor",
    "val_accuracy": "validation accuracy",
}


def name(column: str) -> str:
    """A parameter's or column's name in words."""
    return WORDS.get(column, column.replace("_", " "))


def percent(value: float, digits: int = 1) -> str:
    """A fraction in per cent, as 92.4 %; nothing for a missing value."""
    return "" if _missing(value) else f"{100 * value:.{digits}f} %"


def exact_percent(value: float) -> str:
    """A published fraction with the decimals it came with, as 94.25 %."""
    return "" if _missing(value) else f"{round(100 * value, 6):g} %"


def kind(classes: Iterable[Any]) -> str:
    """What one of the classes is called: a digit where all are digits."""
    return "digit" if {*map(str, classes)} <= set("0123456789") else "class"


def kinds(classes: Iterable[Any]) -> str:
    """As `kind`, of several."""
    return "digits" if kind(classes) == "digit" else "classes"


def seeds(count: int) -> str:
    """How many seeds, as 5 seeds."""
    return "1 seed" if count == 1 else f"{count} seeds"


def points(value: float) -> str:
    """A difference of fractions in percentage points, signed; nothing is +0.0."""
    return "" if _missing(value) else f"{100 * value:+z.1f}".replace("-", "−")


def between(low: float | None, high: float | None) -> str:
    """An interval in per cent, as 91.2 to 93.0 %."""
    if low is None or high is None or math.isnan(low):
        return ""
    return f"{100 * low:.1f} to {percent(high)}"


def results(frame: DataFrame) -> list[str]:
    """Validation accuracies with their intervals, as 92.4 % (91.2 to 93.4 %)."""
    return [
        with_interval(row["val_accuracy"], row["low"], row["high"]) or "nothing finished"
        for row in frame.to_dict("records")
    ]


def with_interval(accuracy: float | None, low: float | None, high: float | None) -> str:
    """An accuracy with its interval, where there is one."""
    if accuracy is None:
        return ""
    interval = between(low, high)
    return f"{percent(accuracy)} ({interval})" if interval else percent(accuracy)


def value(value: Any) -> str:
    """A value: a fraction to three figures, an empty list as none, a missing one as nothing."""
    if value != value:
        return ""
    whole = isinstance(value, float) and value.is_integer() and abs(value) >= 1000
    text = f"{value:.0f}" if whole else f"{value:.3g}" if isinstance(value, float) else str(value)
    return "none" if text == "[]" else text


def configuration(settings: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """A network in words: units, learning rate, then whatever else was changed."""
    both = {**settings, **change}
    hidden = both["hidden_size"]
    units = "-".join(map(str, hidden)) if isinstance(hidden, Sequence) else str(hidden)
    parts = [f"{units or 'no'} units", f"rate {both['learning_rate']:g}"]
    others = {k: v for k, v in change.items() if k not in ("hidden_size", "learning_rate")}
    return ", ".join([*parts, *(_setting(k, v) for k, v in others.items())])


def parameters(row: Mapping[Hashable, Any], names: Iterable[str]) -> str:
    """Searched values of one trial, as `learning rate 0.01, batch size 32`; none it lacks."""
    return ", ".join(f"{name(n)} {value(row[n])}" for n in names if value(row[n]))


def markdown(frame: DataFrame, *notes: str) -> str:
    """A table of texts and numbers, numbers right-aligned, notes below."""
    sides = ["--:" if dtype.kind in "iuf" else "---" for dtype in frame.dtypes]
    rows = [list(frame.columns), sides, *frame.astype(str).to_numpy().tolist()]
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join([*lines, *(f"\n{note}" for note in notes)]) + "\n"


def _setting(key: str, value: Any) -> str:
    if key == "fault":
        return f"with {str(value).replace('_', ' ')} wrong"
    none = value is None or value == []
    return f"no {name(key)}" if none else f"{name(key)} {str(value).replace('_', ' ')}"


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)
