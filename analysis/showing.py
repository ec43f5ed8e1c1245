"""What all notebooks share: a picture with its words, or why there is none."""
# IPython carries few types.
# mypy: allow-untyped-calls

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from IPython.display import Markdown, display
from matplotlib.figure import Figure

from analysis.plots.style import NothingToDrawError
from analysis.verdicts import judge
from pipeline.errors import UserError

T = TypeVar("T")
NO_CONFIRM = "Nothing was trained again over fresh seeds yet: `python -m studies confirm` does."
NO_FINAL = "No network was tested yet: `python -m studies final` does that, after the last choice."
NO_VARIANTS = (
    "There is no study of fixed variants yet: `python -m studies run KEY` makes one, for a KEY "
    "below `studies` in params.yaml that has `variants`."
)
NO_GRID = (
    "There is no grid of learning rate and batch size yet: `python -m studies run KEY` makes one, "
    "for a KEY below `studies` in params.yaml that crosses both with `sampler: grid`."
)
NO_IMPORTANCES = (
    "No parameter is ranked: that takes a random search, and its table of importances, which "
    "`python -m analysis tables` makes."
)
NO_VERDICTS = "No rule has judged these results yet: `python -m analysis verdicts` does."


def loaded(read: Callable[..., T], *what: Any) -> T | None:
    """What can be read, or nothing after a word on which command makes it."""
    try:
        return read(*what)
    except UserError as reason:
        display(Markdown(f"Something is missing here: {reason}."))
    return None


def show(text: str, make: Callable[[], Figure]) -> None:
    """Show a picture with words for those who cannot see it, or say why it cannot be drawn."""
    try:
        figure = make()
    except NothingToDrawError as reason:
        display(Markdown(f"There is nothing to draw: {reason}."))
    else:
        display(figure, metadata={"image/png": {"alt": text}})


def rule(name: str) -> str:
    """What rule `name` said of the results, and what to do where it fired."""
    verdicts = {verdict.rule: verdict for verdict in chain(*judge.read().values())}
    if name not in verdicts:
        return NO_VERDICTS
    said = verdicts[name]
    return f"{said.words} {said.command}." if said.command else said.words
