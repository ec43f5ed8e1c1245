# %% [markdown]
# # Why did the network in NumPy beat the same one in PyTorch?
#
# A write-up trains 784 → 128 → 10 units, sigmoids in both layers, no biases, on exactly 1,000
# images: once by hand in NumPy, one image an update, and four times in PyTorch. NumPy wins, and
# the write-up explains it by the number of updates: 1,000 an epoch at a rate of 0.005, "5.0 of
# learning", against 31, "0.155". Here the five models are trained again, then others that change
# one thing at a time. Then pixels, first weights, rates, hidden units, and what the units see.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import beside_torch, configurations, load, ours, pairs, published, summary, words
from analysis.plots import architecture, crossed, dots, first_layer_weights, ladder, style
from analysis.showing import loaded, show
from analysis.statistics import wilson
from pipeline import dataset, params, training
from pipeline.primer import insight
from pipeline.scaling import scaling, taken

style.use()
pd.options.display.float_format = "{:.3g}".format


# %%
known = params.load()
A = known.base_of("a1")
train, found = dataset.load("train"), ours.Found(load.REPORTS, ours.sizes())
a1, a2, a3, a4 = (loaded(load.study, key) for key in ("a1", "a2", "a3", "a4"))
torch = loaded(beside_torch.table, found)
if torch is not None and torch.empty:
    display(Markdown("PyTorch is not installed: `make torch`, then `make experiments`."))
    torch = None

# %% [markdown]
# ## The five models, as published and here
#
# Rates, epochs, batches, first weights and the loss are the published ones; the images are ours,
# 1,000 to train on. In PyTorch every model starts with the very weights that ours starts with, and
# sees the images in the same order.

# %%
claims = [claim for claim in known.claims if claim.id == "A1"]
beside = published.table(claims, load.REPORTS, ours.sizes())
Markdown(published.markdown(beside))

# %% [markdown]
# The same on validation images, which are used from here on, with training accuracy beside. The
# first four of PyTorch's are the published ones; the others change one thing or two, and are told
# below.

# %%
tables = [configurations.table(a1).query("variant == 'as_published'")] if a1 else []
tables += [torch] if torch is not None else []
both = pd.concat(tables, ignore_index=True) if tables else None
if tables:
    both["variant"] = both["variant"].replace("as_published", "NumPy: as published")
    text = "NumPy as published and every PyTorch model: validation and training accuracy."
    show(text, lambda: dots.draw(dots.table(both), style.single(9, 5)[1]).figure)

# %% [markdown]
# ## What sets them apart: two things, one of them overlooked
#
# **Updates.** With batches of 32 an epoch has 32 updates (the last of 8 images), each with the
# mean gradient of its images: at the same rate the weights move a 32nd as far.
#
# **The loss.** The NumPy code multiplies by the output's error, a − y: the gradient of
# cross-entropy through a sigmoid. PyTorch's `MSELoss` divides by the ten outputs, and its gradient
# goes back through the sigmoid's slope: 2/10 · (a − y) · a (1 − a), never more than a 20th. So
# even one image at a time it is another algorithm. How much smaller the gradient really is, on all
# training images, at the start and after epochs of training with cross-entropy:

# %%
LOSSES, EPOCHS = ("cross_entropy", "squared_error", "mean_squared_error"), (0, 1, 10)
images = taken(A, train).astype(np.dtype(A.precision))


# %%
def snapshots(settings, seed=1):
    """Copies of the weights before training, after 1 and after 10 epochs, by epochs."""
    mlp, state, epochs = training.begin(settings, train, None, seed)
    thetas = {0: state.theta.copy()}
    return mlp, thetas | {e.index: state.theta.copy() for e in epochs if e.index in EPOCHS}


# %%
def sizes(loss, theta):
    """The length of the gradient of a loss at these weights."""
    network = training.network(A.with_values({"loss": loss}), train)
    return np.linalg.norm(
        np.concatenate([dW.ravel() for dW in insight.weight_gradients(network, theta, images)])
    )


# %%
_, moments = snapshots(A.with_values({"epochs": 10, "decay_epochs": [], "decay_to": None}))
lengths = pd.DataFrame(
    {loss: {k: sizes(loss, theta) for k, theta in moments.items()} for loss in LOSSES}
)
lengths["cross_entropy / mean_squared_error"] = (
    lengths["cross_entropy"] / lengths["mean_squared_error"]
)
lengths.rename(columns=words.name).rename_axis("epochs trained")

# %% [markdown]
# Both at once, in NumPy alone: two losses crossed with three ways to update. `rate × 32` has
# batches of 32 at 32 times the rate, so that an epoch moves the weights as far as 1,000 updates.

# %%
WAYS = {"": "batch 1", "batch_32": "batch 32", "batch_32_rate_32": "batch 32, rate × 32"}
grid = configurations.table(a1) if a1 else None
if a1:
    squared = grid["variant"].str.startswith("squared_error")
    way = grid["variant"].str.removeprefix("squared_error").str.removeprefix("as_published")
    grid = grid.assign(loss=squared.map({True: "mean squared error", False: "cross-entropy"}))
    grid = grid.assign(updates=way.str.strip("_").map(WAYS)).dropna(subset="updates")

# %%
if a1:
    text = "Validation accuracy of two losses crossed with three ways to update."
    drawn = crossed.table(grid, "updates", "loss")
    show(text, lambda: crossed.draw(drawn, style.single(9, 3)[1]).figure)

# %% [markdown]
# ## Is it PyTorch?
#
# With the matching loss PyTorch must end with NumPy's weights. The distance of its weights from
# those of our own trainer with the same settings, ‖θ_torch − θ‖ / ‖θ‖, least and greatest of the
# seeds: in float64 the last digits, in float32 what rounding makes of so many updates.

# %%
if torch is not None:
    display(beside_torch.differences(found))

# %% [markdown]
# And the loss, taken apart in PyTorch at the matched rate: half the squared distance has the
# sigmoid's slope but is not divided by ten; the mean squared error at 20 times the rate makes up
# for the division and for the steepest slope.

# %%
if torch is not None:
    loss = torch["variant"].str.contains("rate")
    display(Markdown(configurations.markdown(torch[loss])))

# %% [markdown]
# ## The network, and how many weights it has
#
# The write-up says 102,912. Counted from the network itself:

# %%
network = training.network(A, train)
picture = architecture.table(network)
text = f"The network as units and arrows: {architecture.title(picture)}."
show(text, lambda: architecture.draw(picture, style.single(9, 6.5)[1]).figure)

# %% [markdown]
# ## Pixels, first weights and rate
#
# Pixels as they are, 0 to 255, divided by 255, or standardized; first weights drawn from N(0, 1)
# times a scale; a rate of 0.01 throughout, or one that falls from 0.005. The star: tied with the
# best.


# %%
SCALE = "scale of the first weights"


# %%
def assigned(study, *names):
    """The configurations of a study, with these settings of theirs."""
    frame = configurations.table(study)
    every = [configurations.settings(study, variant) for variant in frame["variant"]]
    return frame.assign(**{name: [settings[name] for settings in every] for name in names})


# %%
if a2:
    frame = assigned(a2, "pixels", "initial_scale", "schedule", "learning_rate")
    frame = frame.rename(columns={"initial_scale": SCALE})
    rates = frame["learning_rate"].map("{:g}".format)
    frame["rate"] = (
        frame["schedule"].map({"constant": "rate fixed at ", "drops": "rate falling from "})
        + rates
    )
    frame["pixels"] = frame["pixels"].replace("prepared", "÷ 255")
    text = "Validation accuracy of pixels crossed with first weights, for two ways of the rate."
    show(text, lambda: crossed.by_value(frame, SCALE, "pixels", "rate"))

# %% [markdown]
# Why: a hidden sigmoid whose input is far from 0 is flat, and passes hardly any error back. Below
# the share of hidden outputs, over units and images, with a slope below 0.01 (the steepest is
# 0.25), with the falling rate and the first seed.

# %%
PIXELS = {"raw": "raw", "prepared": "÷ 255", "standardized": "standardized"}
started = {"epochs": 10, "decay_epochs": [], "decay_to": None}
looked = {
    (pixels, scale): A.with_values({"pixels": pixels, "initial_scale": scale, **started})
    for pixels in PIXELS
    for scale in (1.0, 0.1, 0.01)
}


# %%
def look(pixels, scale):
    """Saturated share and gradient sizes of a network before training and after epochs."""
    settings = looked[pixels, scale]
    seen = scaling(settings, train).examples(taken(settings, train)).astype(np.float32)
    mlp, thetas = snapshots(settings)
    return [row(mlp, theta, seen, (pixels, scale, k)) for k, theta in thetas.items()]


# %%
def row(mlp, theta, seen, named):
    """What there is to see in a network at some moment."""
    (saturated,) = insight.saturated_shares(mlp, theta, seen.X)
    values = (*named, saturated, *insight.gradient_sizes(mlp, theta, seen))
    return dict(zip((*COLUMNS, "saturated", "W1", "W2"), values, strict=True))


# %%
COLUMNS = ("pixels", SCALE, "epochs")
inside = pd.DataFrame([seen for each in looked for seen in look(*each)])
inside["pixels"] = inside["pixels"].map(PIXELS)
inside["when"] = "after " + inside["epochs"].map({0: "0 epochs", 1: "1 epoch", 10: "10 epochs"})
text = "Share of saturated hidden outputs for pixels crossed with first weights, at three moments."
figure = (SCALE, "pixels", "when")
show(text, lambda: crossed.by_value(inside, *figure, value="saturated", share=True))

# %% [markdown]
# The gradient of each layer, root mean square over its weights and all training images.

# %%
inside.pivot(index=["pixels", SCALE], columns="epochs", values=["W1", "W2"])

# %% [markdown]
# ## The rate, and epochs traded for it

# %%
if a3:
    rated = assigned(a3, "learning_rate").rename(columns={"epochs": "trained"})
    rated = rated.assign(epochs=rated["trained"].map("{:.0f}".format))
    hundred = rated[rated["epochs"] == rated["epochs"].mode()[0]]
    text = "Validation accuracy against the learning rate, all for as many epochs."
    steps = ladder.table(hundred, "learning_rate")
    show(text, lambda: ladder.draw(steps, style.single(9, 4.8)[1]).figure)

# %%
if a3:
    traded = rated[
        rated["variant"].isin(["rate_0.01_epochs_200", "rate_0.1", "rate_0.5_epochs_50"])
    ]
    traded = traded.assign(epochs=traded["trained"]).drop(columns=["variant", "trained"])
    display(Markdown(configurations.markdown(traded)))

# %% [markdown]
# ## Hidden units
#
# Published were about 95.5, 98 and 99 % for 64, 128 and 256 units, without a word on which images.

# %%
if a4:
    units = configurations.table(a4)
    text = "Validation and training accuracy of 64, 128 and 256 hidden units."
    show(text, lambda: dots.draw(dots.table(units), style.single(9, 3)[1]).figure)
    display(Markdown(configurations.markdown(units)))

# %% [markdown]
# ## What do the hidden units see?
#
# The weights into each hidden unit as an image of 28 × 28 pixels, trained as published: red speaks
# for the unit, blue against it. The write-up says that units 1 to 10 see horizontal edges and
# units 11 to 20 vertical ones. An edge that runs horizontally is a change from one row to the
# next: of the squared differences of a unit's image, those between rows have most. A pure edge
# would have all of them there, or none.


# %%
def first_weights(seed):
    """The weights into the hidden units after training with a seed, (pixels, units)."""
    mlp, state, epochs = training.begin(A, train, None, seed)
    for _ in epochs:
        pass
    return mlp.windows(state.theta).W[0]


# %%
def between_rows(W):
    """Of each unit's image the share of squared differences that is between rows."""
    square = int(len(W) ** 0.5)
    down, across = np.gradient(W.T.reshape(-1, square, square), axis=(1, 2))
    rows, columns = ((each**2).sum(axis=(1, 2)) for each in (down, across))
    return rows / (rows + columns)


# %%
seeds = known.studies["a1"].seeds
trained = {seed: first_weights(seed) for seed in seeds}
shares = {seed: between_rows(W) for seed, W in trained.items()}
pictures = first_layer_weights.table(trained[seeds[0]]).sort_values("unit")


# %%
def ten(ax, first):
    """Ten units in their own order, from `first` on."""
    chosen = pictures.iloc[first : first + 10]
    horizontal = int((shares[seeds[0]][chosen["unit"]] > 0.5).sum())
    title = f"Units {first + 1} to {first + len(chosen)}: {horizontal} rather horizontal"
    first_layer_weights.draw(chosen, ax).set_title(title)


# %%
def twenty():
    """Units 1 to 10 above units 11 to 20."""
    figure, axes = style.panels(1, 2, width=11, height=3.0)
    for ax, first in zip(axes, (0, 10), strict=True):
        ten(ax, min(first, max(len(pictures) - 10, 0)))
    return figure


# %%
show("The weights into the first twenty hidden units as images.", twenty)

# %%
largest = first_layer_weights.table(trained[seeds[0]])
text = f"Weights into hidden units as images. {first_layer_weights.title(largest)}."
height = 0.8 + 0.72 * first_layer_weights.rows(largest)
show(text, lambda: first_layer_weights.draw(largest, style.single(11, height)[1]).figure)

# %%
claimed = np.arange(20) < 10
agree = [(shares[s][:20] > 0.5) == claimed[: len(shares[s])] for s in seeds]
right, of = int(np.sum(agree)), int(np.size(agree))
low, high = wilson(right, of)
spread = np.quantile(np.concatenate(list(shares.values())), [0.05, 0.5, 0.95])

# %% [markdown]
# ## The answer


# %%
def percents(*variants):
    """Mean validation accuracies of variants of a1, in words."""
    means = grid.set_index("variant")["val_accuracy"]
    return [words.percent(means[variant]) for variant in variants]


# %%
answer = []
if a1:
    ce, ce_32, ce_matched = percents("as_published", "batch_32", "batch_32_rate_32")
    mse, mse_32, mse_matched = percents(
        *(f"squared_error{w}" for w in ("", "_batch_32", "_batch_32_rate_32"))
    )
    back = pairs.change(a1, "batch_32_rate_32", "as_published")
    holds = "so with this loss the explanation by updates holds" if back.tied else "not quite"
    loss = pairs.change(a1, "squared_error", "as_published")
    answer.append(f"""
**The gap has two causes.** *Updates:* with its own loss NumPy goes from {ce} to {ce_32} when
batches of 32 leave it a 32nd of the updates at the same rate; at 32 times the rate it is at
{ce_matched}, {back}: {holds}. *The loss:* with PyTorch's, one image at a time and with as many
updates as before, NumPy is at {mse}, a change of {loss}. Updates cannot explain that, nor mend it:
{mse_32} with batches of 32, {mse_matched} at 32 times the rate. The gradient of that loss is
{lengths.iloc[0, -1]:.0f} times shorter at the start, {lengths.iloc[1, -1]:.0f} times after an
epoch.""")

# %%
if torch is not None:
    apart = beside_torch.differences(found)["greatest"]
    reached = torch.set_index("variant")["val_accuracy"].map(words.percent)
    whole, slope, tenth = (
        reached[f"{beside_torch.PREFIX}{loss}matched_rate"]
        for loss in ("", "squared_error_", "mean_squared_error_")
    )
    fast, own, slow = (
        reached[f"{beside_torch.PREFIX}{name}"]
        for name in ("mean_squared_error_rate_20", "matching_loss", "batch_1")
    )
    answer.append(f"""
**PyTorch itself changes nothing.** With the matching loss, one image at a time, its weights end
within {apart["matching_loss"]:.0e} of NumPy's, relative to their length. The loss, taken apart at
the matched rate: from {whole} the sigmoid's slope leads to {slope}, and the division by ten
outputs to {tenth}. With its own loss at 640 times the rate, 32 for the batch and 20 for the loss,
it is at {fast}, beside {own} with the matching loss. At the rates that were published, one image
at a time, it is at {slow}: the 80 to 85 % of test images that were published for it do not
follow from them.""")

# %%
if a2:
    top, worst = frame.sort_values("val_accuracy").iloc[[-1, 0]].to_dict("records")
    raw = frame.set_index("variant").loc["raw_1_fixed"]
    full = inside[inside["epochs"] == 0].set_index(["pixels", SCALE])["saturated"]
    answer.append(f"""
**Pixels and first weights.** Best are {top["pixels"]} pixels, scale {top[SCALE]:g},
{top["rate"]}: {words.percent(top["val_accuracy"])}, with {frame["tied"].sum() - 1} tied; worst
{worst["pixels"]} pixels, scale {worst[SCALE]:g}, {worst["rate"]}:
{words.percent(worst["val_accuracy"])}. Raw pixels with weights of scale 1 begin with
{words.percent(full["raw", 1.0])} of the hidden outputs saturated, ÷ 255 and scale 0.01 with
{words.percent(full["÷ 255", 0.01])}. The published 6 % is of raw pixels, scale 1, at a fixed rate:
here {words.with_interval(*raw[["val_accuracy", "low", "high"]])}.""")

# %%
if a3:
    best = hundred.loc[hundred["val_accuracy"].idxmax()]
    tied = [
        f"{row.learning_rate:g} for {row.trained:.0f}" for row in rated.query("tied").itertuples()
    ]
    trades = zip(traded["learning_rate"], traded["epochs"], traded["val_accuracy"], strict=True)
    told = [f"{rate:g} for {epochs:.0f}: {words.percent(a)}" for rate, epochs, a in trades]
    answer.append(f"""
**The rate.** In {best["trained"]:.0f} epochs the best is {best["learning_rate"]:g} with
{words.percent(best["val_accuracy"])}. Traded, rates for epochs: {"; ".join(told)}. So few
seeds cannot tell the best from a rate of {summary.listed(tied)} epochs: where an interval is
wide, the seeds differ much.""")

# %%
if a4:
    tied = [name.replace("_", " ") for name in units.loc[units["tied"], "variant"]]
    accuracies = [words.percent(accuracy) for accuracy in units["val_accuracy"]]
    answer.append(f"""
**Hidden units.** {summary.listed(accuracies)} on validation images with 64, 128 and 256; not to be
told from the best: {summary.listed(tied)}. On training images all three are at
{words.percent(units["train_accuracy"].min())} or more.""")

# %%
answer.append(f"""
**What units see.** Of {of} units that the write-up names an edge for, {right} have the direction
it names, {words.between(low, high)}; by chance half would. Nor has a unit much of a direction: the
share between rows is {spread[1]:.2f} in the middle, and from {spread[0]:.2f} to {spread[2]:.2f}
for nine in ten. The order of hidden units is arbitrary: put in another, the network is the same.

**Weights.** {network.weight_count:,}, counted from the network. Counting 128 · 10 twice gives the
102,912 that were published.""")
Markdown("\n".join(answer))
