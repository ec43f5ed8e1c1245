"""What a person sees while a network is trained: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.nn.fit import Epoch

SECONDS_BETWEEN_LINES = 5.0


def shown(epochs: Iterable[Epoch], total: int) -> Iterator[Epoch]:
    """Yield the epochs, showing each as it comes; there are `total` unless training stops early.

    Without a terminal, at most a line every few seconds is printed.
    """
    console = Console(highlight=False)
    bar = Progress(
        TextColumn("train"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    last_line = time.monotonic()
    with bar:
        task = bar.add_task("", total=total)
        for epoch in epochs:
            bar.update(task, completed=epoch.index, description=in_words(epoch))
            if not console.is_terminal and time.monotonic() - last_line >= SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                console.print(f"train: epoch {epoch.index} of {total}, {in_words(epoch)}")
            yield epoch


def in_words(epoch: Epoch) -> str:
    """Training loss, validation accuracy and rate."""
    return (
        f"loss {epoch.train_loss:.4f}, validation {epoch.val_accuracy:.2%}, "
        f"rate {epoch.learning_rate:.3g}"
    )
