"""All rules together: every one says something of every project, and is written, shown, told."""

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import leaderboard, report, standings
from analysis.__main__ import app
from analysis.load import Study
from analysis.results import Results
from analysis.verdicts import judge
from analysis.verdicts.finding import CLEAR, FIRED, NOT_APPLICABLE, Verdict
from pipeline.errors import UserError
from tests.plots import made_up

from .toys import FLAT, SPACE, confirmation, points, results, study

DOCS = Path(__file__).parents[2] / "docs" / "verdicts.md"
NOWHERE = Path("nowhere.json")
SEARCHED = study([0.9 + i / 2000 for i in range(64)])
ODD = {
    "one-trial": results(study([0.9])),
    "no-trial-finished": results(study([0.9, 0.8], pruned=[0, 1])),
    "all-diverged": results(study([0.1] * 20, lost=range(20))),
    "one-parameter": results(study([0.9, 0.8], space={"optimizer": SPACE["optimizer"]})),
    "no-parameter": results(study([0.9] * 12, space={})),
    "equal-scores": results(study([0.9] * 40), study([0.9] * 40, key="random")),
    "one-epoch": results(study([0.9] * 12, curve=[0.9])),
    "random-alone": results(study([0.9] * 40, key="random")),
    "nothing-confirmed": results(SEARCHED, confirm=confirmation({})),
    "confirmed-once": results(SEARCHED, confirm=confirmation({("search", 1): 0.9}, seeds=1)),
    "one-confirmed": results(SEARCHED, confirm=confirmation({("search", 1): 0.9})),
    "confirmed-diverged": results(
        SEARCHED, confirm=confirmation({("search", i): 0.1 for i in (1, 2)}, lost=range(10))
    ),
    "parameter-not-asked": results(
        study([0.9] * 12, [{**p, "learning_rate": float("nan")} for p in points(12)])
    ),
    "fixed-range": results(
        study([0.9], [{"l2": 0.0}], space={"l2": {"type": "float", "low": 0.0, "high": 0.0}})
    ),
}


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of a made-up search and random search, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for key, sampler in (("search", "tpe"), ("random", "random")):
        made_up.write_study(
            Path("reports"), key, made_up.draws(len(key)), space=made_up.SPACE, sampler=sampler
        )
    return Path("reports")


@pytest.mark.parametrize("found", ODD.values(), ids=ODD)
def test_every_rule_says_something_of_odd_studies(found: Results) -> None:
    """No rule raises: what it cannot judge is not applicable, with a reason."""
    verdicts = judge.judge(found, NOWHERE)
    assert [verdict.rule for verdict in verdicts] == list(judge.RULES)
    assert all(verdict.words for verdict in verdicts)
    assert json.dumps([verdict._asdict() for verdict in verdicts], allow_nan=False)


@pytest.mark.parametrize("diverged", [range(20), range(1, 20)], ids=["all", "all-but-one"])
def test_what_diverged_leads_nothing(diverged: range) -> None:
    """Where no trial is left, or one, nothing is said of leaders; what was lost still is."""
    lost = study([0.1 if i in diverged else 0.05 for i in range(20)], lost=diverged)
    verdicts = {each.rule: each for each in judge.judge(results(lost), NOWHERE)}
    assert verdicts["diverged_trials"].status == FIRED
    for rule in ("tied_leaders", "below_resolution"):
        assert verdicts[rule].status == NOT_APPLICABLE
    if len(diverged) == 20:
        for rule in ("best_at_edge", "divergence_wall", "still_rising", "overfitting"):
            assert verdicts[rule].status == NOT_APPLICABLE
            assert verdicts[rule].words == "Every trial of search that was not pruned diverged."


def test_report_is_written_where_every_trial_diverged(reports: Path) -> None:
    """The page says so in place of a best trial; no table and no comparison stops it."""
    for key, sampler in (("search", "tpe"), ("random", "random")):
        shutil.rmtree(reports / "studies" / key)
        points, space = made_up.draws(1, 20), made_up.SPACE
        made_up.write_study(reports, key, points, space=space, sampler=sampler, diverged=1.0)
    judge.write(reports)
    report.write(reports)
    assert "Every trial that finished has diverged" in (reports / "index.html").read_text()
    found = judge.results.read(reports)
    assert leaderboard.table(found.studies).empty
    assert leaderboard.overview(found.studies)["val_accuracy"].isna().all()
    assert list(standings.standings(found)) == []


def test_draws_that_diverged_are_not_judged() -> None:
    """Where every draw diverged nothing is known of how the best grows, nor of the best rates."""
    lost = study([0.1] * 40, key="random", lost=range(40))
    verdicts = {v.rule: v for v in judge.judge(results(study([0.9]), lost), NOWHERE)}
    for rule in ("too_few_trials", "batch_size_confounded", "no_better_than_random"):
        assert verdicts[rule].words == "Every trial of random that was not pruned diverged."


def test_confirmation_that_diverged_is_not_judged() -> None:
    """Where every network that was trained again diverged there is no winner."""
    verdicts = {v.rule: v for v in judge.judge(ODD["confirmed-diverged"], NOWHERE)}
    for rule in ("tied_leaders", "unstable_optimum", "still_rising"):
        assert verdicts[rule].words == "Every network that was trained again diverged."


def test_the_images_there_are_cap_the_advice(tmp_path: Path) -> None:
    """Judging reads how many images there are from the file that it is given."""
    meta = tmp_path / "meta.json"
    meta.write_text('{"sizes": {"train": 10, "val": 10, "test": 10}}')
    verdicts = {v.rule: v for v in judge.judge(results(study([0.95, 0.948])), meta)}
    assert "no split of the 30 images" in verdicts["below_resolution"].command


@pytest.mark.parametrize("found", ODD.values(), ids=ODD)
def test_a_command_is_for_what_fired(found: Results) -> None:
    """What fired has a number and a next step, what is clear a number and none."""
    for verdict in judge.judge(found, NOWHERE):
        assert bool(verdict.command) is (verdict.status == FIRED)
        assert (verdict.number is None) is (verdict.status == NOT_APPLICABLE)


def test_rules_of_data_are_of_no_study() -> None:
    """The last three concern the project, all others the search."""
    verdicts = judge.judge(results(SEARCHED), NOWHERE)
    assert [verdict.study for verdict in verdicts] == ["search"] * 12 + [""] * 3


def test_verdicts_are_written_and_read_back(reports: Path) -> None:
    """verdicts.json has the headline and every rule, numbers to nine digits."""
    written = judge.write(reports)
    content = json.loads((reports / "verdicts.json").read_text())
    assert re.fullmatch(r"\d\d\.\d % of 400 validation images read correctly", content["headline"])
    assert [verdict["rule"] for verdict in content["verdicts"]] == list(judge.RULES)
    assert set(content["verdicts"][0]) == set(Verdict._fields)
    numbers = [verdict.number for verdict in written if verdict.number is not None]
    assert all(number == float(f"{number:.9g}") for number in numbers)
    found = judge.read(reports)
    assert list(found) == [FIRED, CLEAR, NOT_APPLICABLE]
    assert sorted(v for each in found.values() for v in each) == sorted(written)


def test_second_writing_gives_the_same_bytes(reports: Path) -> None:
    """Verdicts depend on the results alone."""
    judge.write(reports)
    first = (reports / "verdicts.json").read_bytes()
    judge.write(reports)
    assert (reports / "verdicts.json").read_bytes() == first


def test_nothing_written_is_nothing_read(tmp_path: Path) -> None:
    """Before the tables stage there are no verdicts, and no study to judge either."""
    assert judge.read(tmp_path) == {FIRED: [], CLEAR: [], NOT_APPLICABLE: []}
    with pytest.raises(UserError, match="must hold a study"):
        judge.write(tmp_path)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("fired", [False, True])
def test_strict_fails_if_a_rule_fired(
    reports: Path, monkeypatch: pytest.MonkeyPatch, strict: bool, fired: bool
) -> None:
    """The command shows and writes every rule; for CI its exit code is 1 if one has fired."""
    if not fired:
        monkeypatch.setattr(judge, "SEARCH", judge.SEARCH[:0])
    else:
        monkeypatch.setattr(judge, "SEARCH", (lambda _: judge.Finding(True, 1, "Oh.", "Do."),))
    arguments = ["verdicts", "--strict"] if strict else ["verdicts"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == (strict and fired)
    assert "duplicated_images" in done.output
    assert ("Oh." in done.output) is fired
    assert (reports / "verdicts.json").is_file()


def test_the_docs_list_every_rule_once() -> None:
    """The table of the docs has the rules that exist, in their order."""
    text = DOCS.read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(judge.RULES)


def test_study_without_verdicts_of_its_own(tmp_path: Path) -> None:
    """A headline takes a finished trial."""
    search: Study = study([0.9], pruned=[0], curve=FLAT)
    assert judge.summary.headline(search, None) == "No trial has finished yet"
    lost = study([0.1, 0.8], lost=[0], pruned=[1])
    assert judge.summary.headline(lost, None) == "Every trial that finished has diverged"
