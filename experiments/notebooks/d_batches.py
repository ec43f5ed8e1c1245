# %% [markdown]
# # Does descent on the full batch get there?
#
# A write-up trained 784-128-64-10 on the full batch for 100 to 250 epochs, and on batches of 128
# for 20 to 30, at rates that it does not give (here 0.1 for both), and found: mini-batches get
# above 90 %, the full batch does not get there. But an epoch of the full batch is one update, one
# of mini-batches is dozens. And a rate that suits one need not suit the other. Here both are
# replayed, then the full batch with as many updates as the mini-batches had, and the full batch at
# ten times the rate.

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import Markdown, display

from analysis import configurations, load, pairs, words
from analysis.plots import curves, dots, style
from analysis.showing import loaded, show
from pipeline import dataset

style.use()
pd.options.display.float_format = "{:,.4g}".format
LEVEL, LAST = 0.9, 5  # what "getting there" was; epochs that a mean of the end is taken over
AXES = ("epochs", "updates", "seconds")


# %%
study, train = loaded(load.study, "d"), loaded(dataset.load, "train")
frame = configurations.table(study) if study else None
both = study is not None and train is not None

# %% [markdown]
# ## The same networks against three clocks
#
# All three on a logarithm, with a line at 90 %. Against epochs, mini-batches win by far. Against
# updates, the full batch at the same rate is the line with least noise, and not behind. Against
# seconds it is a question of how much faster a large matrix product is than many small ones;
# seconds are of one core of the machine that trained them.


# %%
def panel(clock, ax):
    """Validation accuracy against one of the clocks."""
    curves.draw(clocks[clock], ax).set_title(f"against {clock}")
    ax.axhline(LEVEL, color=style.MUTED, lw=0.8, zorder=0)
    style.log_axis(ax)
    ax.get_legend().remove()


# %%
def drawn():
    """Validation accuracy against epochs, updates and seconds."""
    figure, axes = style.panels(3, width=15, height=5)
    [panel(clock, ax) for clock, ax in zip(AXES, axes, strict=True)]
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


# %%
if both:
    clocks = {
        clock: curves.table(study, against=clock, images=len(train.labels)) for clock in AXES
    }
    show("Validation accuracy of four trainings against epochs, updates and seconds.", drawn)

# %% [markdown]
# When the mean of the seeds first had 90 % of the validation images right:

# %%
if both:
    there = pd.DataFrame({clock: curves.reached(clocks[clock], LEVEL) for clock in AXES})
    display(there)

# %% [markdown]
# ## Where each ended
#
# The last epoch is what the tables report, but with mini-batches at this rate it is a matter of
# luck: below, beside it, the range over the seeds of the last epoch and the mean of the last five.

# %%
if study:
    show(
        "Validation and training accuracy of the four trainings with intervals.",
        lambda: dots.draw(dots.table(frame), style.single(9, 3.2)[1]).figure,
    )

# %%
Markdown(configurations.markdown(frame)) if study else None


# %%
def ends(study):
    """The range of the last epoch over the seeds, and the mean of the last few epochs."""
    every = study.history.merge(study.trials.drop(columns="val_accuracy"), on="number")
    left = every["epochs_trained"] - every["epoch"]
    parts = (every[left == 0], every[left < LAST])
    return told(*(part.groupby("variant", sort=False)["val_accuracy"] for part in parts))


# %%
def told(last, late):
    """The columns in words."""
    low, high, mean = (v.map(words.percent) for v in (last.min(), last.max(), late.mean()))
    return pd.DataFrame({"last epoch": low + " to " + high, f"mean of the last {LAST}": mean})


# %%
ends(study) if study else None

# %% [markdown]
# ## One and the same training
#
# With the same seed, the full batch for 250 epochs is the beginning of the full batch for 720.


# %%
def curve(variant):
    """The validation accuracies of a variant's first seed."""
    number = study.trials.loc[study.trials["variant"] == variant, "number"].iloc[0]
    return study.history.loc[study.history["number"] == number, "val_accuracy"].to_numpy()


# %%
if study:
    short, long = curve("full"), curve("full_as_many_updates")
    same = bool((short == long[: len(short)]).all())
    display(Markdown(f"The same over all {len(short)} epochs: {'yes' if same else 'no'}."))

# %% [markdown]
# ## The answer


# %%
def when(name):
    """When a training got to the level, by all three clocks."""
    at = there.loc[name]
    told = f"after {at['updates']:.0f} updates, {at['epochs']:.0f} epochs, {at['seconds']:.2g} s"
    return told if at["epochs"] < float("inf") else "never"


# %%
said = (
    "There is no answer yet: `python -m pipeline prepare` and `python -m studies run d` make what "
    "it takes."
)
if both:
    of = frame.set_index("variant")
    reached = dict(zip(frame["variant"], words.results(frame), strict=True))
    later = pairs.change(study, "full_as_many_updates", "batch_128")
    place = (
        "With as many updates they end tied: what mini-batches win is time."
        if later.tied
        else "With as many updates they do not end tied."
    )
    updates = {name: rows["x"].max() for name, rows in clocks["updates"].groupby("name")}
    said = f"""
The claim mixes three things: the batch, the number of updates, and the rate.

- {of.loc["full", "epochs"]:.0f} epochs, the most that were published, of the full batch are
  {updates["full"]:,.0f} updates, {of.loc["batch_128", "epochs"]:.0f} of batches of 128 are
  {updates["batch 128"]:,.0f}. The full batch reaches {reached["full"]} of the validation images,
  mini-batches {reached["batch_128"]}. Full against mini:
  {pairs.change(study, "full", "batch_128")}. The interval is wide because the last epoch of
  mini-batches is a matter of luck: their seeds end at
  {ends(study).loc["batch_128", "last epoch"]}.
- The full batch passes {words.percent(LEVEL, 0)} {when("full")}; mini-batches
  {when("batch 128")}. {place}
- With as many updates, the full batch reaches {reached["full_as_many_updates"]}. Against
  mini-batches: {later}; against itself with
  {of.loc["full", "epochs"]:.0f} epochs: {pairs.change(study, "full_as_many_updates", "full")}.
- At rate 1 and {of.loc["full_rate_1", "epochs"]:.0f} epochs it reaches {reached["full_rate_1"]}.
  Against rate 0.1: {pairs.change(study, "full_rate_1", "full")}. It passes
  {words.percent(LEVEL, 0)} {when("full rate 1")}, at ten times the rate.

These are {len(train.labels):,} training images. With twenty times as many, an epoch of
mini-batches is twenty times the updates, and one of the full batch still a single one, at twenty
times the cost.
"""
Markdown(said)
