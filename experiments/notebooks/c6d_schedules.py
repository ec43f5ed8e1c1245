# %% [markdown]
# # Does it help to let the learning rate fall?
#
# A large rate goes fast but jitters around a minimum, a small one settles but is slow: so let it
# be large first and small later. That is the case for a schedule. Here are six of them beside a
# rate that never changes: the same network, 784-128-64-10, momentum, batches of 64, the same three
# seeds, 40 epochs. All but one start at the same rate; the one that warms up gets there in four
# epochs.

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import Markdown

from analysis import configurations, load, pairs, words
from analysis.plots import curves, dots, rates, style
from analysis.showing import loaded, show

style.use()
pd.options.display.float_format = "{:.3g}".format


# %%
study = loaded(load.study, "c6d")
frame = configurations.table(study) if study else None

# %% [markdown]
# ## The rate, and the loss beside it
#
# Blue: the learning rate, on the left. The losses are on the right, on a logarithm, the mean of
# the seeds. The training loss is that of batches while the weights move; at each warm restart it
# goes up for a while.

# %%
if study:
    text = "Learning rate and losses over the epochs, a panel for each schedule."
    show(text, lambda: rates.grid(rates.table(study)))


# %% [markdown]
# ## Validation accuracy
#
# The jitter is what a small rate ought to quiet. Here it is measured: the standard deviation of
# the validation accuracy over the last ten epochs of a network, in points, the mean of the seeds.
# `all right from` is the first epoch in which 99.9 % of the training images were classified
# rightly.


# %%
def drawn(level):
    """The learning curves, from an accuracy of `level` on."""
    figure, ax = style.single(10, 4.8)
    curves.draw(curves.table(study), ax)
    ax.set_ylim(level, 0.945)
    return figure


# %%
def facts(study):
    """One row a schedule: losses at the end, jitter, and when all training images were right."""
    every = study.history.merge(study.trials[["number", "variant"]], on="number")
    last = every[every["epoch"] > every["epoch"].max() - 10].groupby(["variant", "number"])
    jitter = 100 * last["val_accuracy"].std().groupby("variant").mean()
    means = every.groupby(["variant", "epoch"])[["train_loss", "val_loss"]].mean()
    return told(study, means.groupby("variant").last().assign(jitter=jitter))


# %%
def told(study, frame):
    """The facts with the epochs from which on all was right, in the order of the study."""
    right = curves.reached(curves.table(study, "train_accuracy"), 0.999)
    frame["all right from"] = [right[name.replace("_", " ")] for name in frame.index]
    return frame.reindex(study.variants)


# %%
if study:
    show("Validation accuracy over the epochs for each schedule.", lambda: drawn(0.87))

# %%
facts(study) if study else None

# %% [markdown]
# ## Where each ended

# %%
if study:
    show(
        "Validation and training accuracy of each schedule with intervals.",
        lambda: dots.draw(dots.table(frame), style.single(9, 4)[1]).figure,
    )

# %%
Markdown(configurations.markdown(frame)) if study else None


# %% [markdown]
# ## The answer


# %%
def compared(study):
    """What each schedule changes against the constant rate, paired by seed and image."""
    others = [variant for variant in study.variants if variant != "constant"]
    changes = {variant: pairs.change(study, variant, "constant") for variant in others}
    return "\n".join(f"- {name.replace('_', ' ')}: {each}" for name, each in changes.items())


# %%
def learned(since):
    """With how many schedules all was learned, and from when on."""
    there = since[since < float("inf")]
    when = f", from epoch {there.min():.0f} to {there.max():.0f} on" if len(there) else ""
    start = f"With {len(there)} of {len(since)} schedules 99.9 % of the training images are right"
    return f"{start}{when}: where all is right, the gradient is small at whatever rate."


# %%
said = "There is no answer yet: `python -m studies run c6d` trains these networks."
if study:
    fact, best = facts(study), frame.loc[frame["val_accuracy"].idxmax()]
    falling = fact.drop("constant")
    said = f"""
Of {len(frame)} schedules, {frame["tied"].sum()} are the best or tied with it:
{best["variant"].replace("_", " ")} with
{words.with_interval(best["val_accuracy"], best["low"], best["high"])}. Against the constant rate,
on the same seeds and images:

{compared(study)}

A falling rate is to quiet the jitter. Of that there is {fact.loc["constant", "jitter"]:.2f} points
with the constant rate (standard deviation of the validation accuracy over the last ten epochs),
and {falling["jitter"].min():.2f} to {falling["jitter"].max():.2f} with the others.
{learned(fact["all right from"])} The validation loss ends at
{fact.loc["constant", "val_loss"]:.2f} with the constant rate and at
{falling["val_loss"].min():.2f} to {falling["val_loss"].max():.2f} with the others. Whether a
schedule helps where training is still noisy at the end, on more images or at a rate near the
largest that works, this experiment does not say.
"""
Markdown(said)
