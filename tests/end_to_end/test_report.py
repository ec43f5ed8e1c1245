"""The report's page: true to the results, complete without a network, readable by everybody."""

import json
import re
import runpy
import shutil
import struct
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from analysis import page, report, results, summary
from analysis.statistics import Interval
from analysis.summary import Comparison
from analysis.verdicts import judge
from pipeline.errors import UserError

MADE_UP = runpy.run_path(str(Path(__file__).parents[1] / "plots" / "made_up.py"))
LEADERBOARD = "| # | <b>study</b> |\n| --: | --- |\n| 1 | search |\n| 2 | random |\n\nA note.\n"


class Page(HTMLParser):
    """What a reader, a browser and a screen reader take from the page."""

    def __init__(self, text: str) -> None:
        """Read the page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep every tag with its attributes."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, attribute: str, tag: str = "") -> list[str]:
        """Every value of an attribute, of one kind of tag or of all."""
        return [a[attribute] for name, a in self.tags if attribute in a and tag in ("", name)]


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG image of this size."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up results, with a table, pictures and a notebook's page."""
    reports: Path = MADE_UP["write_all"](tmp_path_factory.mktemp("made-up"))
    for name in ("tables", "figures", "notebooks"):
        (reports / name).mkdir()
    (reports / "tables" / "leaderboard.md").write_text(LEADERBOARD)
    (reports / "tables" / "leaderboard.csv").write_text("rank,tied\n1,True\n2,True\n3,False\n")
    for stem in (
        "heatmap",
        "confusion_matrix",
        "per_digit",
        "training_curves_final",
        "unheard_of",
    ):
        (reports / "figures" / f"{stem}.png").write_bytes(png(1200, 800))
    (reports / "notebooks" / "01.html").write_text("<title>Rise &amp; fall</title>")
    return reports


@pytest.fixture
def reports(made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the made-up results that a test may change."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(made_up, tmp_path / "reports"))


def write(reports: Path) -> str:
    """Write the page; its text with plain spaces."""
    report.write(reports)
    text = (reports / "index.html").read_text(encoding="utf-8")
    return text.replace("\N{NO-BREAK SPACE}", " ")


def assert_links_resolve(reports: Path) -> None:
    """Every relative link leads to a file, every fragment to an element."""
    parsed = Page(write(reports))
    targets = parsed.all("href") + parsed.all("src")
    ids = parsed.all("id")
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in ids
        elif target != "data:,":
            assert (reports / target).is_file(), target
    assert set(parsed.all("aria-labelledby")) <= set(ids)


def test_second_writing_gives_the_same_bytes(reports: Path) -> None:
    """The page depends on the results alone, and not on how long training took."""
    report.write(reports)
    first = (reports / "index.html").read_bytes()
    timing = reports / "studies" / "search" / "timing.csv"
    timing.write_text(timing.read_text().replace("0.", "7."))
    report.write(reports)
    assert (reports / "index.html").read_bytes() == first


def test_every_link_leads_somewhere(reports: Path) -> None:
    """Links, pictures, fragments and labels all have a target."""
    assert_links_resolve(reports)


@pytest.mark.parametrize(
    "missing",
    ["final", "train", "figures", "tables", "notebooks", "studies/random", "studies/iterations"],
)
def test_what_is_not_there_is_left_out(reports: Path, missing: str) -> None:
    """Without one part of the results the page is still written and all its links resolve."""
    shutil.rmtree(reports / missing)
    assert_links_resolve(reports)
    parsed = Page(write(reports))
    assert not [target for target in parsed.all("href") if target.startswith(f"{missing}/")]


def test_nothing_is_loaded_from_elsewhere(reports: Path) -> None:
    """The page has no scripts and reaches no other server."""
    text = write(reports)
    assert "<script" not in text
    assert re.findall(r"https?://|//cdn|@import|url\(", text) == []


def test_headings_are_in_order(reports: Path) -> None:
    """One h1 comes first; no heading skips a level."""
    levels = [int(tag[1]) for tag, _ in Page(write(reports)).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_page_is_made_for_phones_and_names_its_language(reports: Path) -> None:
    """Viewport, language and title are set."""
    parsed = Page(write(reports))
    assert "width=device-width, initial-scale=1" in parsed.all("content", "meta")
    assert parsed.all("lang", "html") == ["en"]
    assert "title" in [tag for tag, _ in parsed.tags]


def test_on_a_phone_the_standings_fit(reports: Path) -> None:
    """In the narrow layout they may shrink, and the drawing makes room for the numbers."""
    style = write(reports).partition("<style>")[2].partition("</style>")[0]
    narrow = style.partition("@media (max-width: 40rem)")[2].partition("@media")[0]
    assert ".scroll .standings { min-width: 0; }" in narrow  # as specific as .scroll table
    assert ".standings .drawing { display: none; }" in narrow
    assert ".scroll table { min-width: 44rem; }" in style.partition("@media (max-width")[0]


def test_pictures_have_size_and_words(reports: Path) -> None:
    """Every picture has an alternative text and its size, so that the page does not jump."""
    images = [a for tag, a in Page(write(reports)).tags if tag == "img"]
    assert len(images) == 5
    assert all(image["alt"] for image in images)
    assert {(image["width"], image["height"]) for image in images} == {("1200", "800")}


def test_alternative_texts_are_computed(reports: Path) -> None:
    """The confusion matrix is described by the number of images that are misread."""
    rows = (reports / "final" / "predictions.csv").read_text().splitlines()[1:]
    wrong = sum(label != predicted for _, _, label, predicted, _ in (r.split(",") for r in rows))
    assert f"{wrong} test images are misread, most often " in write(reports)


def test_headline_is_the_test_accuracy(reports: Path) -> None:
    """The page opens with the test accuracy; without a test it says validation."""
    path = reports / "final" / "metrics.json"
    metrics = json.loads(path.read_text())
    path.write_text(json.dumps(metrics | {"test_accuracy": 0.8125, "correct": 812}))
    assert "<h1>81.2 % of 1,000 test images read correctly</h1>" in write(reports)
    shutil.rmtree(path.parent)
    assert re.search(
        r"<h1>\d\d\.\d % of 400 validation images read correctly</h1>", write(reports)
    )


def test_winner_before_the_test_is_the_best_trial(reports: Path) -> None:
    """Until the final stage has run, the page describes the configuration of the best trial."""
    shutil.rmtree(reports / "final")
    path = reports / "studies" / "search" / "study.json"
    about = json.loads(path.read_text())
    about["best"]["params"] |= {"hidden_size": 77, "decay_epochs": "[8, 12]"}
    path.write_text(json.dumps(about))
    assert re.search("layer of 77 ReLU units, .* after epochs 8 and 12", write(reports))


def test_tables_are_shown_as_text(reports: Path) -> None:
    """What stands in a table is escaped, numbers stand right, notes follow."""
    text = write(reports)
    assert '<th scope="col">&lt;b&gt;study&lt;/b&gt;</th>' in text
    assert '<td class="number">1</td>' in text
    assert '<p class="note">A note.</p>' in text


def test_long_table_is_cut_and_the_rest_linked(reports: Path) -> None:
    """The rows beyond the first twelve are counted and left to the CSV file."""
    rows = "".join(f"| {i} | search |\n" for i in range(3, 21))
    path = reports / "tables" / "leaderboard.md"
    path.write_text(LEADERBOARD.replace("\n\n", f"\n{rows}\n"))
    assert len(page.table(path, "Best").rows) == 12
    assert '8 more in <a href="tables/leaderboard.csv">' in write(reports)


def test_notebooks_are_named_by_their_title(reports: Path) -> None:
    """A notebook's link carries its title, escaped once."""
    assert '<a href="notebooks/01.html">Rise &amp; fall</a>' in write(reports)


def test_no_study_is_one_line(tmp_path: Path) -> None:
    """Without any study there is nothing to report."""
    with pytest.raises(UserError, match="must hold a study"):
        report.write(tmp_path)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (Interval(0.01, 0.03), "better: 95 % interval +1.0 to +3.0"),
        (Interval(-0.01, 0.03), "no clear difference: 95 % interval −1.0 to +3.0"),
        (Interval(-0.03, -0.01), "worse: 95 % interval −3.0 to −1.0"),
        (None, "on different images, so no interval"),
    ],
)
def test_verdict_follows_the_interval(change: Interval | None, verdict: str) -> None:
    """A difference is one only if its interval leaves out zero."""
    assert Comparison(0.9, 0.92, change).verdict == verdict


def test_fired_verdicts_come_first_with_their_next_step(reports: Path) -> None:
    """What fired stands open with what to do, keys as code; the rest is folded away."""
    judge.write(reports)
    text = write(reports)
    shown, *folded = text[text.index('id="next"') :].split("<details>")
    verdicts = judge.read(reports)
    assert [len(each) > 0 for each in verdicts.values()] == [True] * 3
    assert shown.count('class="remedy"') == len(verdicts["fired"])
    assert f"<summary>Clear: {len(verdicts['clear'])}</summary>" in folded[0]
    assert f"<summary>Not applicable: {len(verdicts['not applicable'])}</summary>" in folded[1]
    assert "<strong>class imbalance</strong>: " in folded[1]


def test_verdicts_are_escaped(reports: Path) -> None:
    """Words are text, what stands in backticks is code."""
    said = judge.Verdict("a_rule", "search", "fired", 1.0, "a < b.", "Raise `trials`")
    content = json.dumps({"verdicts": [said._asdict()]})
    (reports / "verdicts.json").write_text(content)
    text = write(reports)
    assert "a &lt; b. " in text
    assert "Raise <code>trials</code>." in text


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [(None, "No rule has judged"), (["clear"], "none has fired"), (["fired"], "Do it.")],
    ids=["none", "clear", "fired"],
)
def test_next_steps_are_told_as_they_are(
    reports: Path, verdicts: list[str] | None, words: str
) -> None:
    """Without verdicts the page names the command; without a fired one it says so."""
    if verdicts:
        each = [judge.Verdict("rule", "", s, 1.0, "Oh.", "Do it")._asdict() for s in verdicts]
        (reports / "verdicts.json").write_text(json.dumps({"verdicts": each}))
    assert words in write(reports)


def test_budget_counts_the_trials_that_fit(reports: Path) -> None:
    """What random search had reached is the best finished trial within the same epochs."""
    random = results.read(reports).studies["random"]
    cut = random.trials[random.trials["epochs_trained"].cumsum() <= 200]
    finished = cut[cut["state"] == "COMPLETE"]
    assert summary.reached(random, 200) == finished["val_accuracy"].max()
