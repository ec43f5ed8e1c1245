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
def confirm() -> None:
    """Train the best configurations again over fresh seeds: reports/confirm/."""
    from studies.interrupts import Interrupted

    try:
        from studies import confirm

        typer.echo(confirm.run())
    except (Interrupted, KeyboardInterrupt):
        typer.echo("confirm: interrupted; what finished is kept, the next run continues", err=True)
        sys.exit(INTERRUPTED)


@app.command()
def final() -> None:
    """Re-train the confirmed winner over seeds and test it once: reports/final/."""
    from studies.interrupts import Interrupted

    try:
        from studies import final

        typer.echo(final.run(lambda line: typer.echo(line, err=True)))
    except (Interrupted, KeyboardInterrupt):
        typer.echo("final: interrupted; nothing was kept, run it again", err=True)
        sys.exit(INTERRUPTED)


@app.command()
def pytorch() -> None:
    """Train models by PyTorch beside ours, where it is installed: reports/pytorch/."""
    from studies import pytorch

    try:
        typer.echo(pytorch.run(typer.echo))
    except KeyboardInterrupt:
        typer.echo("pytorch: interrupted; nothing was kept, run it again", err=True)
        sys.exit(INTERRUPTED)


@app.command()
def torch_version() -> None:
    """Write which PyTorch is installed, if any: data/torch_version.txt."""
    from studies import pytorch

    typer.echo(pytorch.write_version())


@app.command()
def status(key: Annotated[str | None, typer.Argument()] = None) -> None:
    """Show how far each study of params.yaml is, or study KEY: done, running, time left."""
    from studies import status

    status.status(key)


@app.command("list")
def list_() -> None:
    """Show every study in the store, old ones too."""
    from studies import shelf

    shelf.list_()


@app.command()
def show(key: str, number: Annotated[int, typer.Argument(metavar="N", min=0)]) -> None:
    """Train trial N of finished study KEY again and show its learning curve."""
    from studies import show

    sys.exit(not show.replayed(key, number))


@app.command()
def best(
    key: str,
    yaml: Annotated[bool, typer.Option("--yaml", help="As lines for params.yaml.")] = False,
) -> None:
    """Show the best trial of finished study KEY."""
    from studies import best

    best.best(key, yaml=yaml)


@app.command()
def verify(
    key: str,
    trials: Annotated[int, typer.Option(min=1, help="How many to train again.")] = 5,
    every: Annotated[bool, typer.Option("--all", help="Train all again.")] = False,
) -> None:
    """Check finished study KEY: do its trials come out the same here? If not, why?"""
    from studies.interrupts import Interrupted

    try:
        from studies import verify

        sys.exit(not verify.verify(key, None if every else trials))
    except (Interrupted, KeyboardInterrupt):
        typer.echo(f"{key}: interrupted; nothing was changed", err=True)
        sys.exit(INTERRUPTED)


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Delete, do not only show.")] = False,
) -> None:
    """Show the old studies in the store, which no settings of today stand for; or delete them."""
    from studies import prune

    prune.prune(delete=yes)


@app.command()
def notes() -> None:
    """Write the verdicts of reports/verdicts.json into the studies' notes in the dashboard."""
    from studies import notes

    typer.echo(notes.write())


@app.command()
def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    write: Annotated[bool, typer.Option("--write", help="Allow edits.")] = False,
) -> None:
    """Show every study in Optuna Dashboard, to this machine only."""
    from pipeline import params
    from studies import dashboard
    from studies.execution import settle

    storage = settle(params.load().execution).storage
    dashboard.serve(storage, port, write=write, tell=typer.echo)


if __name__ == "__main__":
    exit_on_user_error(app)
