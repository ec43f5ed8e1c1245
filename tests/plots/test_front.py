"""The front of size and accuracy, as people read it."""

from analysis import tables, words
from analysis.load import Study
from analysis.plots import pareto


def test_only_the_front_stands_in_its_table(studies: dict[str, Study]) -> None:
    """A line a trial that no smaller one equals, from the smallest to the best, and the notes."""
    frame = tables.pareto(studies)
    front = frame[frame["front"]]
    text = pareto.markdown(frame)
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert 0 < len(rows) == len(front) < len(frame)
    for line, row in zip(rows, front.to_dict("records"), strict=True):
        cells = [row["study"], str(row["number"]), f"{row['parameters']:,}", "20"]
        assert line == f"| {' | '.join([*cells, words.percent(row['val_accuracy'])])} |"
    assert all(note in text for note in pareto.NOTES)
