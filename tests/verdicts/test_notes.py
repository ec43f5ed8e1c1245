"""`python -m studies notes`: verdicts in the store's studies, for Optuna Dashboard to show."""

import json
import shutil
from pathlib import Path

import optuna
import pytest
from optuna_dashboard import get_note, save_note
from typer.testing import CliRunner

from pipeline.errors import UserError
from studies import fingerprint, notes
from studies.__main__ import app
from studies.storage import opened, sqlite_url

ROOT = Path(__file__).parents[2]
PARTS = {"settings": "of the made-up study"}
NAME = f"search-{fingerprint.digest(PARTS)}"
VERDICTS = [
    ("still_rising", "search", "clear", 0.0, "It is flat.", ""),
    ("best_at_edge", "search", "fired", 0.01, "It is at the end.", "Raise `high`"),
    ("overfitting", "other", "fired", 0.2, "Another study.", "Stop"),
    ("class_imbalance", "", "not applicable", None, "No data.", ""),
]
FIELDS = ("rule", "study", "status", "number", "words", "command")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with verdicts and an export, and no store yet: the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HANDTUNED_STORAGE", raising=False)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    about = {"key": "search", "name": NAME, "fingerprint": fingerprint.digest(PARTS)}
    about |= {"decided_by": PARTS, "best": {}, "trials": 1}
    path = tmp_path / "reports/studies/search/study.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(about))
    judged(VERDICTS[:2] + VERDICTS[3:])
    return tmp_path


def judged(verdicts: list[tuple[object, ...]]) -> None:
    """Write verdicts.json."""
    listed = [dict(zip(FIELDS, verdict, strict=True)) for verdict in verdicts]
    notes.VERDICTS.write_text(json.dumps({"headline": "Nine of ten", "verdicts": listed}))


def note(name: str = NAME, write: str = "") -> str:
    """The note of a study in the store, which is made if it is not there; `write` replaces it."""
    with opened(sqlite_url()) as storage:
        study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
        if write:
            save_note(study, write)
        return str(get_note(study))


def test_note_has_headline_and_verdicts_fired_first() -> None:
    """Those of the study and of the project, not those of others; one line of output."""
    note()
    done = CliRunner().invoke(app, ["notes"])
    assert done.output == f"notes: {NAME}; 1 of 3 rules fired\n"
    assert note() == (
        "## Verdicts\n\n**Nine of ten**\n\n"
        "### Fired\n\n- ⚠ **best at edge**: It is at the end. *Raise `high`.*\n\n"
        "### Clear\n\n- ✓ **still rising**: It is flat.\n\n"
        "### Not applicable\n\n- – **class imbalance**: No data.\n"
    )


def test_what_a_person_wrote_stays_above() -> None:
    """A note of one's own is kept; the verdicts below it are replaced, not repeated."""
    note(write="Look at **trial 3**.")
    notes.write()
    notes.write()
    assert note().startswith("Look at **trial 3**.\n\n## Verdicts\n")
    assert note().count(notes.TITLE) == 1


def test_verdicts_of_other_studies_are_not_in_the_note() -> None:
    """Each study has its own."""
    verdicts = [dict(zip(FIELDS, verdict, strict=True)) for verdict in VERDICTS]
    assert "Another study" not in notes.markdown("Nine of ten", verdicts, "search")
    assert "Another study" in notes.markdown("Nine of ten", verdicts, "other")


@pytest.mark.parametrize("content", [None, "[", "{}"], ids=["missing", "broken", "empty"])
def test_verdicts_that_cannot_be_read_are_one_line(content: str | None) -> None:
    """The line names the file and the command that makes it."""
    notes.VERDICTS.unlink()
    if content:
        notes.VERDICTS.write_text(content)
    with pytest.raises(UserError, match=r"missing or damaged; run `python -m analysis verdicts`"):
        notes.write()


def test_study_that_is_not_in_the_store_is_one_line() -> None:
    """An export from elsewhere has no study here to note anything on."""
    note("search-ffffffffffff")
    with pytest.raises(UserError, match=f"must hold {NAME}.*; run `python -m studies run search`"):
        notes.write()
    assert note("search-ffffffffffff") == ""


def test_no_store_is_made(folder: Path) -> None:
    """Without a store there is nothing to note, and none appears."""
    with pytest.raises(UserError, match="is not there; run a study first"):
        notes.write()
    assert not (folder / "studies").exists()
