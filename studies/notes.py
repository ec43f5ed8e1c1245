"""The verdicts on a study as its note in Optuna Dashboard."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna

from pipeline import params
from pipeline.errors import UserError
from studies import exported
from studies.execution import settle
from studies.storage import opened, shown

VERDICTS = Path("reports/verdicts.json")
TITLE = "## Verdicts"  # what stands above it in a note is left alone
MARKS = {"fired": "⚠", "clear": "✓", "not applicable": "–"}


def write() -> str:
    """Write each judged study's verdicts into its note; returns one line on what was done.

    Raises: UserError if there are no verdicts, or the store does not have a study as exported.
    """
    headline, verdicts = _read()
    url = settle(params.load().execution).storage
    keys = dict.fromkeys(verdict["study"] for verdict in verdicts if verdict["study"])
    names = {key: exported.about(key)["name"] for key in keys}
    with opened(url, read_only=True) as storage:  # makes no store that is not there
        there = {study.study_name for study in storage.get_all_studies()}
    for key, name in names.items():
        if name not in there:
            raise UserError(
                f"{shown(url)} must hold {name}, which {VERDICTS} judges, but does not; "
                f"run `python -m studies run {key}`"
            )
    with opened(url) as storage:
        for key, name in names.items():
            _save(optuna.load_study(study_name=name, storage=storage), headline, verdicts, key)
    fired = sum(verdict["status"] == "fired" for verdict in verdicts)
    told = ", ".join(names.values()) or "no study"
    return f"notes: {told}; {fired} of {len(verdicts)} rules fired"


def markdown(headline: str, verdicts: Sequence[Mapping[str, Any]], key: str) -> str:
    """The headline, then every verdict on study `key` and on the project, those fired first."""
    lines = [TITLE, "", f"**{headline}**"]
    for status, mark in MARKS.items():
        found = [v for v in verdicts if v["status"] == status and v["study"] in ("", key)]
        if found:
            lines += ["", f"### {status.capitalize()}", ""]
        for verdict in found:
            next_step = f" *{verdict['command']}.*" if verdict["command"] else ""
            rule = verdict["rule"].replace("_", " ")
            lines.append(f"- {mark} **{rule}**: {verdict['words']}{next_step}")
    return "\n".join(lines) + "\n"


def _save(
    study: optuna.Study, headline: str, verdicts: Sequence[Mapping[str, Any]], key: str
) -> None:
    """Put the verdicts at the foot of the study's note, in place of earlier ones."""
    from optuna_dashboard import get_note, save_note

    own = get_note(study).partition(TITLE)[0].rstrip()
    save_note(study, f"{own}\n\n{markdown(headline, verdicts, key)}".lstrip())


def _read() -> tuple[str, list[Mapping[str, Any]]]:
    """The headline and the verdicts. Raises: UserError if they are missing or damaged."""
    try:
        content = json.loads(VERDICTS.read_text(encoding="utf-8"))
        return content["headline"], content["verdicts"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{VERDICTS} is missing or damaged; run `python -m analysis verdicts`"
        ) from None
