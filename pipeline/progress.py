"""What a person sees while a network trains: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from pipeline.nn.fit import Epoch

SECONDS_BETWEEN_LINES = 5.0


def watched(epochs: Iterable[Epoch], total: int) -> Iterator[Epoch]:
    """Hand on the epochs, of `total` at most, showing after each where the training stands."""
    console = Console(highlight=False)
    bar = Progress(
        TextColumn("train"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[words]}"),
        console=console,
        disable=not console.is_terminal,
    )
    began = last_line = time.monotonic()
    with bar:
        task = bar.add_task("", total=total, words=f"epoch 0/{total}")
        for epoch in epochs:
            now = time.monotonic()
            left = timedelta(seconds=round((now - began) / epoch.index * (total - epoch.index)))
            words = f"{standing(epoch, total)}, {left} left"
            bar.update(task, completed=epoch.index, words=words)
            if not console.is_terminal and now - last_line >= SECONDS_BETWEEN_LINES:
                last_line = now
                console.print(f"train: {words}", soft_wrap=True)
            yield epoch


def standing(epoch: Epoch, total: int) -> str:
    """The epoch and what came of it, in words."""
    return (
        f"epoch {epoch.index}/{total}, validation accuracy {epoch.val_accuracy:.2%}, "
        f"loss {epoch.val_loss:.3f}, rate {epoch.learning_rate:.3g}"
    )
