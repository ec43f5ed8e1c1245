"""`python -m analysis`: what reads results."""

import sys
from typing import Annotated

import typer

from pipeline.errors import exit_on_user_error

app = typer.Typer(
    help="Read finished results: tables, pictures, notebooks and the report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def tables() -> None:
    """Write reports/tables and reports/metrics.json."""
    from analysis.tables import main

    main()


@app.command()
def published() -> None:
    """Set what write-ups published beside ours: reports/tables/published.csv."""
    from analysis.published import main

    main()


@app.command()
def figures() -> None:
    """Draw every picture into reports/figures."""
    from analysis.figures import main

    main()


@app.command()
def notebook(name: str = typer.Argument(help="its file's name, no .py")) -> None:
    """Execute one notebook into reports/notebooks."""
    from analysis.notebook import execute

    execute(name)


@app.command()
def report() -> None:
    """Write reports/index.html from everything else."""
    from analysis.report import write

    write()


@app.command()
def results(
    check: Annotated[
        bool, typer.Option("--check", help="Only: are the sources committed?")
    ] = False,
) -> None:
    """Write what `make full` and `make stretch` came to: docs/results.md, results.json."""
    from analysis import headline

    if check:
        headline.committed()
    else:
        typer.echo(headline.main())


@app.command()
def verdicts(
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a rule fired.")] = False,
) -> None:
    """Judge how far the results can be trusted: reports/verdicts.json."""
    from analysis.verdicts import finding, judge, table

    found = judge.write()
    table.show(found)
    sys.exit(strict and any(verdict.status == finding.FIRED for verdict in found))


if __name__ == "__main__":
    exit_on_user_error(lambda: app(prog_name="python -m analysis"))
