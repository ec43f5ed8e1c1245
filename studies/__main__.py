"""`python -m studies`: search, then test once."""

import sys
from typing import Annotated

import typer

from pipeline.errors import exit_on_user_error

app = typer.Typer(
    help="Search the trainer's settings, then test the best once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended


@app.command()
def run(key: str) -> None:
    """Run or continue study KEY of params.yaml: reports/studies/KEY/."""
    from studies.interrupts import Interrupted

    try:
        from studies import run

        typer.echo(run.run(key))
    except (Interrupted, KeyboardInterrupt):
        typer.echo(f"{key}: interrupted; what finished is kept, the next run continues", err=True)
        sys.exit(INTERRUPTED)


@app.command()
def final() -> None:
    """Re-train the best configuration and test it once: reports/final/."""
    from studies import final

    typer.echo(final.run())


@app.command()
def dashboard(port: Annotated[int, typer.Option(min=1, max=65535)] = 8080) -> None:
    """Serve Optuna Dashboard on the live store, to this machine only."""
    from studies import dashboard

    dashboard.serve(port)


if __name__ == "__main__":
    exit_on_user_error(app)
