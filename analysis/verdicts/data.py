"""Rules on what the studies were trained on and in: images, classes, environments."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis import summary, words
from analysis.results import Results
from analysis.verdicts.finding import Finding, NotApplicable

META = Path("data/prepared/meta.json")
IMBALANCED = 1.5  # times as many images in the largest class as in the smallest


def duplicated_images(meta: Path = META) -> Finding:
    """Images of one split stand, pixel for pixel, in another: scores there are too high."""
    about = _read(meta, "duplicates")
    pairs = {pair: count for pair, count in about["duplicates"].items() if count}
    if not pairs:
        return Finding(False, 0, "No image stands in two splits.", "")
    told = [f"{count} in both {' and '.join(pair.split('-'))}" for pair, count in pairs.items()]
    said = f"Images stand in two splits: {summary.listed(told)}."
    scored = {name: about["sizes"][name] for name in ("val", "test")}
    worst = max(
        (
            count / scored[name]
            for pair, count in pairs.items()
            for name in pair.split("-")
            if name in scored
        ),
        default=0.0,
    )
    said += f" That can raise an accuracy by up to {words.points(worst).lstrip('+')} points."
    remedy = "Remove the copies from the source, then `dvc repro`"
    return Finding(True, sum(pairs.values()), said, remedy)


def class_imbalance(meta: Path = META) -> Finding:
    """The largest class of a split has far more images than the smallest.

    1.5 times is where collections of imbalanced data sets begin. Sources: J. Alcala-Fdez et al.,
    2011, J. Mult.-Valued Log. Soft Comput. 17, 255-287 (the limit); H. He and E. A. Garcia, 2009,
    IEEE Trans. Knowl. Data Eng. 21, 1263-1284 (why accuracy then misleads).
    """
    about = _read(meta, "class_counts")
    counts = about["class_counts"]
    if not all(map(max, counts.values())):
        raise NotApplicable(f"{meta} counts no images.")
    ratios = {name: max(each) / max(min(each), 1) for name, each in counts.items()}
    worst = max(ratios, key=lambda name: ratios[name])
    split, names = counts[worst], about["classes"]
    most, least = max(split), min(split)
    said = (
        f"Most uneven is {worst}: {most:,} images of {names[split.index(most)]}, "
        f"{least:,} of {names[split.index(least)]}."
        if most > least
        else f"Every class has as many images: {most:,} in {worst}."
    )
    remedy = "Compare classes in reports/tables/per_digit.md, not accuracies over all"
    return Finding(ratios[worst] > IMBALANCED, ratios[worst], said, remedy)


def environment_changed(found: Results) -> Finding:
    """Studies, or trials of one, were trained by other versions or on other processors."""
    folders = {key: found.reports / "studies" / key for key in found.studies}
    folders["confirm"] = found.reports / "confirm"
    paths = {key: folder / "environment.json" for key, folder in folders.items()}
    each = {key: _object(path) for key, path in paths.items() if path.is_file()}
    if not each:
        raise NotApplicable("No study has recorded its environment.")
    names = dict.fromkeys(name for about in each.values() for name in about)
    changed = {name: told for name in names if (told := _unlike(name, each))}
    said = (
        f"Not all trials had the same environment: {'; '.join(changed.values())}."
        if changed
        else f"{len(each)} studies were trained in one environment."
    )
    first, *others = each
    odd = next((key for key in others if each[key] != each[first]), first)
    remedy = f"Check that it changes no result: `python -m studies verify {odd}`"
    return Finding(bool(changed), len(changed), said, remedy)


def known_images(meta: Path = META) -> int | None:
    """How many images the splits have together; None if it cannot be read."""
    try:
        return int(sum(_read(meta, "sizes")["sizes"].values()))
    except NotApplicable:
        return None


def _unlike(name: str, each: Mapping[str, Mapping[str, Any]]) -> str:
    """What studies had of one thing, where it was not one; an export joins several by commas."""
    values: dict[str, list[str]] = {}
    for key, about in each.items():
        for value in str(about.get(name, "unknown")).split(", "):
            values.setdefault(value, []).append(key)
    if len(values) == 1:
        return ""
    told = [f"{value} in {summary.listed(keys)}" for value, keys in values.items()]
    return f"{words.name(name)} {', '.join(told)}"


def _read(meta: Path, name: str) -> dict[str, Any]:
    if not meta.is_file():
        raise NotApplicable(f"{meta} is not there: run `python -m pipeline prepare`.")
    about = _object(meta)
    if not about.get(name):
        raise NotApplicable(f"{meta} says nothing of {words.name(name)}.")
    return about


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise NotApplicable(f"{path} cannot be read.")
    return content
