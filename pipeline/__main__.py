"""`python -m pipeline`: digits in, one trained network out."""

from pathlib import Path
from typing import Annotated

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

    typer.echo(sources.run(params.load().data))


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
def predict(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...")],
    model: Annotated[Path | None, typer.Option(help="Another network than the tuned one.")] = None,
) -> None:
    """Say which digits your own pictures show: any size, dark on light or light on dark."""
    from pipeline import predict

    predict.run(pictures, model or predict.TUNED)


@app.command()
def gradcheck() -> None:
    """Compare every gradient of the trainer with central differences."""
    from pipeline import gradient_table

    typer.echo(gradient_table.run())


@app.command()
def primer() -> None:
    """Do the teaching exercises without MNIST: reports/primer/facts.csv."""
    from pipeline import facts

    typer.echo(facts.run())


@app.command()
def range_test(low: float = 1e-5, high: float = 10.0, epochs: int = 5) -> None:
    """Train with a rate that rises from LOW to HIGH: which rates suit the network of `train`?"""
    from pipeline import range_test

    loaded = params.load()
    trainer = loaded.trainer.updated(loaded.train)
    found = range_test.run(trainer, loaded.train.seed, low=low, high=high, epochs=epochs)
    typer.echo(found)


@app.command()
def workspace(name: str) -> None:
    """Make workspaces/NAME/, a copy of the pipeline with the settings of workspaces/NAME.yaml."""
    from pipeline import workspace

    typer.echo(f"workspace: {workspace.make(name)}")


if __name__ == "__main__":
    exit_on_user_error(app)
