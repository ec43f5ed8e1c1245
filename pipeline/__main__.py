"""`python -m pipeline`: digits in, one trained network out."""

import typer

from pipeline import params
from pipeline.errors import exit_on_user_error

app = typer.Typer(
    help="Digits in, one trained network out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def source() -> None:
    """Read and verify the raw digits: data/raw/."""
    from pipeline import sources

    typer.echo(sources.run())


@app.command()
def prepare() -> None:
    """Split, normalize, one-hot: data/prepared/."""
    from pipeline import prepare

    typer.echo(prepare.run(params.load().data))


@app.command()
def train() -> None:
    """Train one network: reports/train/."""
    from pipeline import train

    loaded = params.load()
    typer.echo(train.run(loaded.trainer.updated(loaded.train), loaded.train.seed))


@app.command()
def workspace(name: str) -> None:
    """Make workspaces/NAME/, a copy of the pipeline with the settings of workspaces/NAME.yaml."""
    from pipeline import workspace

    typer.echo(f"workspace: {workspace.make(name)}")


if __name__ == "__main__":
    exit_on_user_error(app)
