"""The gradient check as a table: every kind of network is in it, and a wrong gradient shows."""

import io
import subprocess
import sys
from itertools import product

import pytest
from rich.console import Console

from pipeline import gradient_table
from pipeline.errors import UserError
from pipeline.gradient_table import OUTPUTS, REGULARIZERS, Row
from pipeline.nn.activations import ACTIVATIONS, ELU, Identity
from pipeline.nn.gradcheck import TOLERANCE

RED = "\x1b[31m"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The whole table, as the trainer is."""
    return list(gradient_table.checked())


def printed(rows: list[Row]) -> list[str]:
    """The lines of the table on a terminal of 80 columns."""
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, color_system="standard", width=80)
    terminal.print(gradient_table.drawn(rows))
    return file.getvalue().splitlines()


def row(*errors: float) -> Row:
    """A row with these errors."""
    return Row("tanh", "softmax", "cross_entropy", errors)


def test_every_activation_meets_every_output(rows: list[Row]) -> None:
    """There is one row for each activation and pair of output and loss."""
    kinds = [(row.activation, (row.output, row.loss)) for row in rows]
    assert kinds == list(product(ACTIVATIONS, OUTPUTS))


def test_every_gradient_is_right(rows: list[Row]) -> None:
    """Every network's errors, one a regularizer, are below the tolerance, and none is idle."""
    assert {len(row.errors) for row in rows} == {len(REGULARIZERS)}
    assert all(0 < error < TOLERANCE for row in rows for error in row.errors)


def test_each_regularizer_changes_what_is_checked(rows: list[Row]) -> None:
    """No two columns of a row are the same: each regularizer takes part in its check."""
    assert all(len(set(row.errors)) == len(row.errors) for row in rows)


def test_every_cell_can_be_read(rows: list[Row]) -> None:
    """Eighty columns show each row whole, and none of a right table is red."""
    lines = printed(rows)
    for row in rows:
        cells = [row.activation, f"{row.output},", row.loss, *(f"{e:.1e}" for e in row.errors)]
        words = " ".join(cells).replace("_", " ").split()
        assert any(line.split() == words for line in lines), words
    assert RED not in "".join(lines)


def test_wrong_cells_are_red() -> None:
    """An error at or above the tolerance is red, and so is one that is no number."""
    lines = printed([row(1e-9, TOLERANCE, 0.5, float("nan"))])
    (line,) = [line for line in lines if "softmax" in line]
    assert line.count(RED) == 3
    assert f"{RED}1.0e-09" not in line
    for cell in ("1.0e-07", "5.0e-01", "nan"):
        assert f"{RED}{cell}" in line


def test_a_right_table_ends_with_the_largest_error(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line returned counts the checks and names the worst; the table is printed."""
    monkeypatch.setattr(gradient_table, "checked", lambda: iter(rows))
    errors = [error for row in rows for error in row.errors]
    line = f"gradcheck: all {len(errors)} below 1e-07, the largest {max(errors):.1e}"
    assert gradient_table.run() == line
    assert "Relative error of the gradient" in capsys.readouterr().out


def test_a_wrong_derivative_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An ELU that sends errors back as the identity would spoils its own rows, no others."""
    monkeypatch.setattr(ELU, "backward", Identity.backward)
    monkeypatch.setattr(gradient_table, "ACTIVATIONS", ("elu", "relu"))
    wrong, every = (n * len(OUTPUTS) * len(REGULARIZERS) for n in (1, 2))
    with pytest.raises(UserError) as caught:
        gradient_table.run()
    assert str(caught.value) == (
        f"gradcheck: relative errors must be below 1e-07, but {wrong} of {every} are not; "
        "look at backward of the activations and losses in red"
    )
    assert "elu" in capsys.readouterr().out  # the table is printed all the same


def test_an_error_that_is_no_number_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that ends in NaN counts as one that fails."""
    monkeypatch.setattr(gradient_table, "checked", lambda: iter([row(1e-9, float("nan"))]))
    with pytest.raises(UserError, match="but 1 of 2 are not"):
        gradient_table.run()


@pytest.mark.slow
def test_command_prints_the_table() -> None:
    """`python -m pipeline gradcheck` ends with code 0 and the line on how it went."""
    command = [sys.executable, "-m", "pipeline", "gradcheck"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1].startswith("gradcheck: all ")
