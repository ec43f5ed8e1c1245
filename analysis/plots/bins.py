"""The values of a searched parameter in few cells, for every picture that counts trials."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import Series

from analysis import words

FEW = 8  # up to this many distinct values stand for themselves; more are binned


def cells(values: "Series[Any]", range_: Mapping[str, Any]) -> "Series[Any]":
    """Each value's cell, an ordered category whose labels are the axis' ticks."""
    if "choices" in range_ or values.nunique() <= FEW:
        return categories(values, range_.get("choices") or sorted(values.dropna().unique()))
    limits = edges(range_)
    labels = [
        f"{a:.2g}\u2013{b:.2g}" if b < 100 else f"{a:.0f}\u2013{b:.0f}"
        for a, b in pairwise(limits)
    ]
    return pd.cut(values, list(limits), labels=labels, include_lowest=True)


def categories(values: "Series[Any]", choices: list[Any]) -> "Series[Any]":
    """Each value as the choice it is, in the order of `choices`."""
    as_text = values.dtype == "str"  # choices that are not all numbers stand as written
    labels = [words.value(str(choice) if as_text else choice) for choice in choices]
    texts = values.map(words.value, na_action="ignore")
    return Series(pd.Categorical(texts, categories=labels, ordered=True), index=values.index)


def edges(range_: Mapping[str, Any]) -> NDArray[np.float64]:
    """The limits of the bins: even steps, on a logarithm where the search was."""
    low, high = float(range_["low"]), float(range_["high"])
    if not range_.get("log"):
        return np.linspace(low, high, 7)
    return np.geomspace(low, high, min(max(round(np.log2(high / low)), 2), 8) + 1)
