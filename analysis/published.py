"""What five write-ups published, beside ours.

Reads params.yaml, data/prepared/meta.json and reports/{studies,final,pytorch,primer}; writes
reports/tables/published.csv and published.md, a row a claim.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer
from pandas import DataFrame, Series

from analysis import files, words
from analysis.load import REPORTS
from analysis.ours import META, Claim, Found, MissingError, Ours, find, sizes
from pipeline.files import write_text

COLUMNS = (
    *("id", "quantity", "published", "ours", "low", "high"),
    *("split", "seeds", "agrees", "cause"),
)
TEXTS = ("id", "quantity", "published", "split", "agrees", "cause")
FULL = 50_000  # training images; MNIST has 60,000, of which a write-up may hold some back
SPLITS = {"test": "test", "val": "validation", "train": "training"}
FULL_ONLY = "takes all of MNIST (data.source, data.sizes)"
STATUS = {  # of a row, in words
    "within": "agrees with what was published",
    "above": "above what was published",
    "below": "below what was published",
    "full": "takes all of MNIST to compare",
    "ours": "ours alone: no figure was published",
    "missing": "no figure of ours: not run, or nothing got there",
}
NOTES = (
    "Within: our 95 % interval, or our number where there is no interval, meets what was "
    "published. A published figure stands for all that rounds to it, 0.9425 for 0.94245 to "
    "0.94255, and of accuracies for no less than a whole per cent; a published range for what "
    "lies between its ends. Above and below: it does not meet.",
    "Intervals of accuracy on test and validation images count the images and the seeds, of one "
    "seed the images alone; those of training accuracy and of the gap the seeds.",
    "Where a study has several configurations and none is named, ours is the best of them on "
    "validation images, which is lucky.",
    f"What {FULL_ONLY} to compare is measured here on fewer images and not judged.",
)


def main(reports: Path = REPORTS, meta: Path = META) -> None:
    """Write the table of all claims of params.yaml, for machines and for people."""
    from pipeline import params

    frame = table(params.load().claims, reports, sizes(meta))
    path = reports / "tables" / "published.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, frame.to_csv(index=False, float_format="%.9g", lineterminator="\n"))
    write_text(path.with_suffix(".md"), markdown(frame))
    typer.echo(f"published: {len(frame)} figures; see {path}")


def table(claims: Iterable[Claim], reports: Path, sizes: Mapping[str, int]) -> DataFrame:
    """One row a claim, in their order, with COLUMNS; texts are empty where there is none."""
    found = Found(reports, sizes)
    frame = DataFrame([_row(claim, found) for claim in claims], columns=list(COLUMNS))
    numbers = dict.fromkeys(("ours", "low", "high"), "float64") | {"seeds": "Int64"}
    return frame.astype(dict.fromkeys(TEXTS, "str") | numbers)


def read(reports: Path = REPORTS) -> DataFrame:
    """Read the table again. Raises: UserError naming the command that makes it."""
    remedy, dtypes = "run python -m analysis published", dict.fromkeys(TEXTS, "str")
    path = reports / "tables" / "published.csv"
    frame = files.csv(path, COLUMNS, remedy, dtypes | {"seeds": "Int64"})
    return frame.fillna(dict.fromkeys(TEXTS, ""))


def status(frame: DataFrame) -> "Series[str]":
    """Of each row one of STATUS."""
    kinds = frame["agrees"].replace("", "full")
    kinds = kinds.mask(frame["published"] == "", "ours")
    return kinds.mask(frame["ours"].isna(), "missing")


def agreement(published: str, ours: Ours) -> str:
    """Whether our interval, or our number, meets what was published; else on which side it is."""
    lowest, highest = stands_for(published)
    low = ours.value if ours.low is None else ours.low
    high = ours.value if ours.high is None else ours.high
    if low > highest:
        return "above"
    return "below" if high < lowest else "within"


def stands_for(published: str) -> tuple[float, float]:
    """The least and the greatest number that a published figure or range stands for.

    >>> stands_for("0.85 to 0.88"), stands_for("0.9425"), stands_for("0.9"), stands_for("4")
    ((0.85, 0.88), (0.94245, 0.94255), (0.895, 0.905), (3.5, 4.5))
    """
    ends = [Decimal(end) for end in published.split(" to ")]
    if len(ends) == 2:
        return float(ends[0]), float(ends[1])
    exponent = int(ends[0].as_tuple().exponent)
    half = Decimal(5).scaleb((min(exponent, -2) if ends[0] <= 1 else exponent) - 1)
    return float(ends[0] - half), float(ends[0] + half)


def markdown(frame: DataFrame) -> str:
    """The table as people read it."""
    rows, kinds = frame.to_dict("records"), status(frame)
    shown = DataFrame(
        {
            "id": frame["id"],
            "what": frame["quantity"],
            "published": [_shown(row["published"], row["split"]) for row in rows],
            "ours": [_ours(row) for row in rows],
            "images": frame["split"].map(lambda split: SPLITS.get(split, "")),
            "agrees": kinds.where(kinds.isin(["within", "above", "below"]), ""),
            "why, or why not judged": frame["cause"],
        }
    )
    return words.markdown(shown, *NOTES)


def line(row: Mapping[Any, Any]) -> str:
    """A row of the table in words."""
    published = _shown(row["published"], row["split"])
    images = f" on {SPLITS[row['split']]} images" if row["split"] else ""
    both = [f"{published} published" if published else "", f"{_ours(row)} here{images}"]
    told = ", ".join(filter(None, both if _ours(row) else [both[0], "no figure of ours"]))
    cause = f"; {row['cause']}" if row["cause"] else ""
    return f"**{row['id']}**, {row['quantity']}: {told}{cause}."


def _row(claim: Claim, found: Found) -> dict[str, Any]:
    published = _text(claim.published)
    row = dict.fromkeys(TEXTS, "") | {"id": claim.id, "quantity": claim.quantity}
    row["published"] = published
    try:
        ours = find(claim, found)
    except MissingError as missing:
        return row | {"cause": str(missing)}
    full_only = claim.full and found.sizes.get("train", 0) < FULL
    judged = bool(published) and not full_only
    agrees = agreement(published, ours) if judged else ""
    causes = [
        f"{FULL_ONLY}, not {ours.images or 0:,} training images" if full_only else "",
        f"ours is {SPLITS[ours.split]}" if _differ(claim.split, ours.split) else "",
        claim.cause if agrees != "within" else "",
    ]
    numbers = {"ours": ours.value, "low": ours.low, "high": ours.high}
    about = {"split": ours.split, "seeds": ours.seeds, "agrees": agrees}
    return row | numbers | about | {"cause": "; ".join(filter(None, causes))}


def _differ(published: str | None, ours: str) -> bool:
    """Whether two accuracies are known to be of different images."""
    return bool(published and ours and published != ours)


def _ours(row: Mapping[Any, Any]) -> str:
    """Our figure, an accuracy in per cent, with its interval if it has one."""
    if row["split"]:
        return words.with_interval(row["ours"], row["low"], row["high"])
    ends = f" ({row['low']:.3g} to {row['high']:.3g})" if row["low"] == row["low"] else ""
    return f"{words.value(row['ours'])}{ends}"


def _text(published: float | tuple[float, float] | None) -> str:
    """A figure as 0.9425, a range as 0.85 to 0.88, nothing where nothing was published."""
    ends = published if isinstance(published, tuple) else (published,)
    return " to ".join(f"{end:.9g}" for end in ends if end is not None)


def _shown(published: str, split: str) -> str:
    """A published accuracy in per cent, anything else as it is."""
    if not (published and split):
        return published
    ends = [words.exact_percent(float(end)) for end in published.split(" to ")]
    return " to ".join([*(end.removesuffix(" %") for end in ends[:-1]), ends[-1]])
