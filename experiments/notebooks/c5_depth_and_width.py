# %% [markdown]
# # How large must a network be?
#
# One unit draws one line. A hidden layer draws several, and the output puts them together; a
# second hidden layer puts together what the first has put together. How many units does it take,
# and does it help to have more than enough? Training starts from random weights, so every answer
# is a count over seeds.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import words
from analysis.plots import style
from analysis.plots.primer import boundary, epochs, width
from analysis.statistics import wilson
from pipeline.primer import exercises, toy_data
from pipeline.primer.exercises import MOON_WIDTHS, XOR_NETWORKS, XOR_RECIPE, named, network

style.use()
pd.options.display.float_format = "{:.3g}".format


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %%
def drawn(examples, hidden, theta, points=100):
    """What a trained network makes of the plane around the examples."""
    outputs = network(hidden).outputs
    return boundary.table(
        examples.X, examples.labels, lambda at: outputs(theta, at), points=points
    )


# %% [markdown]
# ## XOR: the smallest problem that one unit cannot solve
#
# Ten seeds each, to a loss below 0.1: Adam at rate 0.05, all four examples in one batch, up to
# 1,000 epochs.

# %%
corners, solved = toy_data.xor(), exercises.xor()
xor = epochs.table({named(h): [run.epochs for run in runs] for h, runs in solved.items()})
figure, ax = style.single(8, 4.5)
epochs.draw(xor, ax, limit=XOR_RECIPE.epochs)
show(figure, "Epochs that four networks took to learn XOR, seed by seed.")

# %%
counted = epochs.counts(xor)
intervals = [wilson(n, len(exercises.XOR_SEEDS)) for n in counted["reached"]]
counted.assign(share=[words.between(*interval) for interval in intervals])

# %% [markdown]
# The share of seeds that get there has a 95 % interval (Wilson's): ten seeds say little about it.
# Two hidden units are enough to solve XOR, but not to find the solution every time:


# %%
def of_each_kind(hidden):
    """The first seed that got there and the first that did not, where there are such."""
    runs = solved[hidden]
    firsts = {run.epochs is not None: seed for seed, run in reversed(list(enumerate(runs)))}
    return [(seed, runs[seed].theta) for _, seed in sorted(firsts.items())]


# %%
pictures = {
    f"{named(hidden)}, seed {seed}": drawn(corners, hidden, theta)
    for hidden in XOR_NETWORKS
    for seed, theta in of_each_kind(hidden)
}
show(boundary.grid(pictures, 3), "XOR's boundaries, of failed networks too.")

# %% [markdown]
# ## Moons: how wide?
#
# 1,000 examples, noise 0.2, seed 42; 80 % to train on, 20 % to judge by. Five seeds each, Adam at
# rate 0.02, batches of 64, all of 60 epochs: a loss of 0 is a target that none can reach.

# %%
train, val = exercises.moon_data()
moons = exercises.moons()


# %%
def right(d, examples):
    """Which of the examples each seed's network gets right: (seeds, examples)."""
    p = np.array([network((d,)).outputs(run.theta, examples.X)[:, 0] for run in moons[d]])
    return (p > 0.5) == (examples.labels == 1)


# %%
judged = width.table({d: right(d, val) for d in MOON_WIDTHS})
figure, ax = style.single(8, 4.5)
width.draw(judged, ax)
show(figure, "Held-out accuracy on moons against hidden units, with intervals.")

# %%
held_out = [words.with_interval(row.accuracy, row.low, row.high) for row in judged.itertuples()]
columns = {
    "train": [words.percent(right(d, train).mean()) for d in MOON_WIDTHS],
    "held out": held_out,
}
judged[["hidden", "tied"]].assign(**columns).set_index("hidden")

# %%
pictures = {f"{d} hidden": drawn(val, (d,), moons[d][0].theta) for d in MOON_WIDTHS}
show(boundary.grid(pictures, 3), "Boundaries on the held-out moons, first seed.")

# %% [markdown]
# ## Circles, spiral, checkerboard: the smallest that reaches 95 %
#
# From small to large, by the number of parameters, until all of three seeds get at least 95 % of
# 400 training examples right: Adam at rate 0.03, batches of 100, up to 120 epochs. The network
# that did is then judged by 1,000 examples drawn afresh.

# %%
shapes = {name: exercises.shape(name, 400, 0) for name in exercises.SHAPES}
climbed = {name: exercises.climbed(name) for name in exercises.SHAPES}
steps = {
    name: {named(hidden): sum(bool(run.epochs) for run in runs) for hidden, runs in each.items()}
    for name, each in climbed.items()
}
reached = pd.DataFrame(steps).reindex([named(hidden) for hidden in exercises.LADDER])
reached.insert(0, "parameters", [network(hidden).size for hidden in exercises.LADDER])
reached.map(lambda count: "" if np.isnan(count) else f"{count:.0f}")

# %% [markdown]
# Seeds out of three that got there; empty where a smaller network had already done it. Below, the
# boundaries of each size on the way, with the seed that came out best.


# %%
def tour(name):
    """The pictures of all sizes that a data set was tried with, the best seed of each."""
    runs = {h: max(each, key=lambda run: run.accuracy) for h, each in climbed[name].items()}
    return {named(h): drawn(shapes[name], h, run.theta) for h, run in runs.items()}


# %%
show(boundary.grid(tour("circles"), 4), "Boundaries on circles from small to large networks.")

# %%
show(boundary.grid(tour("spiral"), 4), "Boundaries on the spiral from small to large networks.")

# %%
show(boundary.grid(tour("checkerboard"), 4), "Boundaries on the board from small to large.")

# %% [markdown]
# ## The answer


# %%
def smallest(name):
    """The smallest network that always reached 95 %, and what it does on fresh examples."""
    hidden, runs = list(climbed[name].items())[-1]
    X, _, labels = exercises.shape(name, 1000, 1)
    fresh = [((network(hidden).outputs(r.theta, X)[:, 0] > 0.5) == labels).mean() for r in runs]
    found = named(hidden) if all(r.epochs for r in runs) else f"none up to {named(hidden)}"
    return f"{name} {found} ({words.percent(min(fresh))} or more on fresh examples)"


# %%
best = judged.loc[judged["accuracy"].idxmax()]
tied = [f"{d}" for d in judged.loc[judged["tied"], "hidden"] if d != best["hidden"]]
xor_words = ", ".join(f"{name} {n}" for name, n in counted["reached"].items())
Markdown(
    f"XOR, solved by how many of {len(exercises.XOR_SEEDS)} seeds: {xor_words}. On moons the best "
    f"is {best['hidden']} hidden units with {words.percent(best['accuracy'])}; not to be told "
    f"from it: {', '.join(tied) or 'none'}. The smallest network with 95 % of the training "
    f"examples for each of three seeds: {'; '.join(map(smallest, exercises.SHAPES))}. These are "
    "the smallest that this training finds, not the smallest that exist."
)
