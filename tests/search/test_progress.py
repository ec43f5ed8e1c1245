"""What a person sees while a study runs."""

import io
from typing import Any

import pytest
from rich.console import Console

from studies import progress
from studies.progress import Progress
from studies.rounds import run_study
from tests.search.toys import Kept, curve, plan


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool, store: Kept, seconds: float) -> str:
    """All that a run of the toy study shows, on a clock that advances `seconds` a look."""
    text, now = io.StringIO(), [0.0]

    def clock() -> float:
        now[0] += seconds
        return now[0]

    def console(**options: Any) -> Console:
        return Console(file=text, force_terminal=terminal, width=100, **options)

    monkeypatch.setattr(progress, "Console", console)
    monkeypatch.setattr(progress, "monotonic", clock)
    with Progress("toy", 20, jobs=1, cost=lambda _: 1.0) as watch:
        run_study(plan(), curve, store, watch=watch.show)
    return text.getvalue()


def test_plain_lines_say_where_the_study_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line names the study, trials of how many, the best, the pruned, the time left."""
    store = Kept()
    lines = shown(monkeypatch, terminal=False, store=store, seconds=6).splitlines()
    assert lines[1].startswith("toy: 1/20 trials, best ")
    assert len(lines) == 21
    best = max(trial.value for trial in store.trials.values() if trial.state == "COMPLETE")
    pruned = sum(trial.state == "PRUNED" for trial in store.trials.values())
    assert lines[-1] == f"toy: 20/20 trials, best {best:.2%}, {pruned} pruned"
    assert pruned > 0


def test_lines_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks on, a line comes every few seconds, and always at the end."""
    lines = shown(monkeypatch, terminal=False, store=Kept(), seconds=1).splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith("toy: 20/20 trials")


def test_time_left_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time left falls, and is never longer than the whole at this pace, doubled."""
    lines = shown(monkeypatch, terminal=False, store=Kept(), seconds=6).splitlines()[1:-1]
    left = [line.rsplit(", ", 1)[1].removesuffix(" left").split(":") for line in lines]
    seconds = [3600 * int(h) + 60 * int(m) + int(s) for h, m, s in left]
    assert seconds[0] > seconds[10] > seconds[-1] > 0
    assert max(seconds) < 2 * 20 * 6


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal one bar is redrawn in place, with the same words."""
    text = shown(monkeypatch, terminal=True, store=Kept(), seconds=1)
    assert "━" in text
    assert "20/20" in text
    assert "toy: 20/20 trials" not in text


def test_what_was_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A continued study says how many trials it found."""
    store = Kept()
    run_study(plan(12), curve, store)
    text = shown(monkeypatch, terminal=False, store=store, seconds=1)
    assert "toy: 12 trials are kept from before" in text
