# %% [markdown]
# # Which optimizer, which batch, and at which rate?
#
# Two optimizers compared at one rate are two rates compared. So here each has a ladder of rates,
# and what counts is its best one. First SGD on batches of 1, 32, 64 and all images; then SGD, two
# forms of momentum, and Adam on batches of 64. The network is 784-128-64-10, 20 epochs, three
# seeds. How these optimizers move over surfaces that one can look at, the notebook c6_paths shows.

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import Markdown, display

from analysis import configurations, load, pairs, words
from analysis.plots import curves, ladder, style
from analysis.showing import loaded, show
from pipeline import dataset

style.use()
pd.options.display.float_format = "{:.4g}".format


# %%
batches, optimizers = loaded(load.study, "c6_batches"), loaded(load.study, "c6_optimizers")
train = loaded(dataset.load, "train")


# %%
def rungs(study, group):
    """Every rate of each group, with what it reached."""
    return ladder.table(configurations.table(study), "learning_rate", group)


# %%
def drawn(frame):
    """The ladders of a table."""
    figure, ax = style.single(10, 5.2)
    ladder.draw(frame, ax)
    return figure


# %%
def tied_rates(rows):
    """The rates whose interval reaches up to the best of its group."""
    best = rows.loc[rows["val_accuracy"].idxmax()]
    close = rows[rows["high"].ge(best["val_accuracy"]) & rows["low"].ge(0.8)]["learning_rate"]
    return f"{close.min():g} to {close.max():g}" if len(close) else ""


# %%
def bests(frame):
    """One row a group: its best rate, what that reached, and which rates come near."""
    best = ladder.best(frame)
    shown = pd.DataFrame({"best rate": best["learning_rate"], "reached": words.results(best)})
    near = {name: tied_rates(rows) for name, rows in frame.groupby("group", sort=False)}
    return shown.assign(**{"rates near it": pd.Series(near)})


# %%
def against(study, group, frame):
    """The best of each group against the best of all, paired by seed and image."""
    best = ladder.best(frame)
    points = {name: {group: name, "learning_rate": r} for name, r in best["learning_rate"].items()}
    top = best["val_accuracy"].idxmax()
    changes = {name: str(pairs.change(study, points[name], points[top])) for name in points}
    return changes | {top: "the best"}


# %% [markdown]
# ## SGD: the batch and the rate
#
# Twenty epochs of single images are thousands of updates each, twenty epochs of all images are
# twenty updates in all. A smaller batch has a noisier gradient and takes a smaller rate. What has
# collapsed lies on the gray line, where a guess is. In the table, rates near the best are those
# whose interval reaches up to it.

# %%
if batches:
    by_batch = rungs(batches, "batch_size")
    show("Accuracy against the learning rate for four batch sizes.", lambda: drawn(by_batch))

# %%
if batches and train:
    found, epochs = bests(by_batch), batches.about["settings"]["epochs"]
    sizes = [len(train.labels) if size == "full" else int(size) for size in found.index]
    found["updates"] = [epochs * -(-len(train.labels) // size) for size in sizes]
    found["against the best"] = pd.Series(against(batches, "batch_size", by_batch))
    display(found)

# %% [markdown]
# ## Four optimizers
#
# Momentum here is velocity = 0.9 velocity − rate × g. The averaged form is
# velocity = 0.9 velocity + 0.1 g, followed by a step of −rate × velocity.

# %%
if optimizers:
    by_optimizer = rungs(optimizers, "optimizer")
    show("Accuracy against the learning rate for four optimizers.", lambda: drawn(by_optimizer))

# %%
if optimizers:
    chosen = bests(by_optimizer)
    chosen["against the best"] = pd.Series(against(optimizers, "optimizer", by_optimizer))
    display(chosen)

# %% [markdown]
# Each at its best rate, over the epochs:


# %%
def at_their_best():
    """The learning curves of each optimizer at its best rate."""
    best = ladder.best(by_optimizer)["learning_rate"].items()
    names = [f"learning rate {r:.3g}, optimizer {name}".replace("_", " ") for name, r in best]
    every = curves.table(optimizers, "train_loss"), curves.table(optimizers)
    return [frame[frame["name"].isin(names)] for frame in every]


# %%
def both():
    """Training loss and validation accuracy of each at its best."""
    figure, axes = style.panels(2, width=13, height=4.6)
    for frame, ax in zip(at_their_best(), axes, strict=True):
        curves.draw(frame, ax)
    return figure


# %%
if optimizers:
    show("Loss and accuracy over the epochs, each optimizer at its best rate.", both)

# %% [markdown]
# ## Two forms of momentum are one
#
# The averaged form moves 1 − 0.9 times as far. At ten times the rate it should then be the same
# training, and at the same rate it should go as far as plain SGD. The accuracies in per cent, rate
# by rate:


# %%
def forms(frame):
    """SGD and momentum at each rate, beside the averaged form at that rate and at ten times it."""
    by = {n: r.set_index("learning_rate")["val_accuracy"] for n, r in frame.groupby("group")}
    further = by["averaged_momentum"]
    further.index = (further.index / 10).map("{:.6g}".format).astype(float)
    return 100 * pd.DataFrame({"momentum": by["momentum"], "averaged, rate × 10": further})


# %%
def plain(frame):
    """SGD beside the averaged form at the same rate."""
    by = {n: r.set_index("learning_rate")["val_accuracy"] for n, r in frame.groupby("group")}
    return 100 * pd.DataFrame({"sgd": by["sgd"], "averaged": by["averaged_momentum"]})


# %%
if optimizers:
    same, near = forms(by_optimizer).dropna(), plain(by_optimizer)
    apart = [frame.diff(axis=1).iloc[:, 1].abs() for frame in (same, near)]
    display(same.T)
    display(near.T)

# %% [markdown]
# ## The answer

# %%
said = []
if batches and train:
    lines = [
        f"- batch {size}: {row['reached']} at rate {row['best rate']:g}, {row['updates']:,} "
        f"updates; against the best: {row['against the best']}"
        for size, row in found.to_dict("index").items()
    ]
    said += [f"SGD, each batch at its best rate after {epochs} epochs:", "\n".join(lines)]
    said += [
        f"That is not yet a word on batches: with all images at once, {epochs} epochs are as many "
        "updates. The notebook d_batches gives both the same number."
    ]
if optimizers:
    lines = [
        f"- {name.replace('_', ' ')}: {row['reached']} at rate {row['best rate']:g}; rates near "
        f"it: {row['rates near it']}; against the best: {row['against the best']}"
        for name, row in chosen.to_dict("index").items()
    ]
    rates = chosen["best rate"]
    said += ["Optimizers on batches of 64, each at its best rate:", "\n".join(lines)]
    said += [
        f"The best rates lie apart by {rates.max() / rates.min():.0f} times: a comparison at one "
        "and the same rate would only have found whom that rate suits. The averaged form of "
        f"momentum has its best rate {rates['averaged_momentum'] / rates['momentum']:.0f} times "
        "higher than the other, and at ten times the rate it is the same training: over "
        f"{len(same)} rates the accuracies differ by {apart[0].max():.1f} points at most. At the "
        f"same rate it differs from plain SGD by {apart[1][:0.03].max():.1f} points at most up to "
        "rate 0.03: there it is SGD with some smoothing, and no faster."
    ]
no_answer = "There is no answer yet: `python -m studies run c6_optimizers` and `python -m studies "
Markdown("\n\n".join(said) or no_answer + "run c6_batches` train these networks.")
