# %% [markdown]
# # What does an activation do to a signal, and to learning?
#
# Without an activation between them, two layers are one. Which one to take is a question of its
# slope: the error that flows back is multiplied by it in every layer. First the functions
# themselves, then the softmax that ends a network, then small networks that learn with each.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import words
from analysis.plots import style
from analysis.plots.primer import activation, boundary, epochs, temperature, width
from pipeline.nn.losses import softmax
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import Adam
from pipeline.nn.schedules import constant
from pipeline.nn.state import Recipe, start
from pipeline.primer import insight, toy_data
from pipeline.primer.until import train_until

style.use()
pd.options.display.float_format = "{:.3g}".format
NAMES = ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"]


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## Functions and slopes
#
# From −10 to 10, all on the same scale. What leaves a panel at the top goes on rising.

# %%
z = np.linspace(-10, 10, 2001)
curves = {name: activation.table(name, z, *insight.activate(name, z)) for name in NAMES}
figure, axes = style.panels(3, 2, width=11, height=6)
for ax, curve in zip(axes, curves.values(), strict=True):
    activation.draw(curve, ax).label_outer()
axes[0].legend(loc="upper left")
show(figure, "Six activations with their derivatives from -10 to 10.")

# %%
facts = pd.DataFrame({name: activation.facts(curve) for name, curve in curves.items()}).T
facts.rename(activation.called)

# %% [markdown]
# ## Softmax
#
# The softmax turns scores into shares that sum to 1: exp(z) over the sum of all exp(z). Divided by
# a temperature T before, the scores come closer together or move apart. Of the scores 1, 2, 3:

# %%
scores, temperatures = [1.0, 2.0, 3.0], np.geomspace(0.1, 100, 91)
shares = np.concatenate([softmax(np.array([scores]), T) for T in temperatures])
figure, ax = style.single(8, 4)
temperature.draw(temperature.table(scores, temperatures, shares), ax)
show(figure, "Shares of three scores by temperature: from all for the largest to a third each.")

# %%
chosen = {f"T = {T:g}": softmax(np.array([scores]), T)[0] for T in (0.1, 0.5, 1.0, 2.0, 10.0)}
chosen["T = 1, scores + 100"] = softmax(np.array([scores]) + 100)[0]
pd.DataFrame(chosen, index=["z = 1", "z = 2", "z = 3"]).T

# %% [markdown]
# Adding the same to all scores changes nothing: only differences count. Of a share's derivative
# by its own score, p (1 − p), and by another's, −p q, every row sums to 0: what one gains, the
# others lose. Below, the share of a score z beside two scores of 0.

# %%
p = softmax(np.array([scores]))[0]
names = [f"z = {score:g}" for score in scores]
pd.DataFrame(np.diag(p) - np.outer(p, p), [f"share of {name}" for name in names], names)

# %%
share = softmax(np.stack([z, 0 * z, 0 * z], axis=1))[:, 0]
figure, ax = style.single(8, 4)
activation.draw(activation.table("softmax of (z, 0, 0)", z, share, share * (1 - share)), ax)
ax.set(ylim=(-0.05, 1.05))
ax.legend()
show(figure, "The share of z rises from 0 to 1; its derivative is largest, 1/4, at log 2.")

# %% [markdown]
# ## Which one learns?
#
# Networks of 2 inputs, 4 hidden units and 1 output learn two moons and two circles, 300 examples
# each, with five seeds: Adam at rate 0.05, batches of 32, up to 150 epochs. A network has got
# there when at least 95 % of the training examples are right. It is then judged by 1,000 others.

# %%
DATA = {
    "moons": (toy_data.moons(300, 0.1, 0), toy_data.moons(1000, 0.1, 1)),
    "circles": (toy_data.circles(300, 0.1, 0), toy_data.circles(1000, 0.1, 1)),
}
SEEDS, RECIPE = range(5), Recipe(Adam(), constant(0.05), batch_size=32, epochs=150)
networks = {name: MLP((2, 4, 1), name, output="sigmoid") for name in NAMES}
trained = {
    (data, name, seed): train_until(networks[name], DATA[data][0], RECIPE, seed, accuracy=0.95)
    for data in DATA
    for name in NAMES
    for seed in SEEDS
}


# %%
def right(data, name):
    """Which of the other examples each seed gets right: (seeds, examples)."""
    X, _, labels = DATA[data][1]
    thetas = (trained[data, name, seed].theta for seed in SEEDS)
    p = np.array([networks[name].outputs(theta, X)[:, 0] for theta in thetas])
    return (p > 0.5) == (labels == 1)


# %%
def gradients(data, name):
    """The size of each layer's gradient before the first step: mean, and range of the seeds."""
    starts = (start(networks[name], Adam(), seed, np.float64).theta for seed in SEEDS)
    sizes = [insight.gradient_sizes(networks[name], theta, DATA[data][0]) for theta in starts]
    layers = np.array(sizes).T
    return [f"{size.mean():.2g} ({size.min():.2g} to {size.max():.2g})" for size in layers]


# %%
def dead(data, name):
    """How many hidden units of all seeds pass no gradient any more."""
    thetas = (trained[data, name, seed].theta for seed in SEEDS)
    X = DATA[data][0].X
    return sum(insight.dead_units(networks[name], theta, X)[0].sum() for theta in thetas)


# %%
def told(data):
    """One row an activation: all that was asked, in words where there is an interval."""
    text = [words.with_interval(r.accuracy, r.low, r.high) for r in judged[data].itertuples()]
    sizes = pd.DataFrame([gradients(data, name) for name in NAMES], counts[data].index)
    frame = counts[data].assign(accuracy=text, tied=judged[data]["tied"].to_numpy())
    frame[["gradient W1", "gradient W2"]] = sizes
    return frame.assign(dead=[f"{dead(data, name)} of {4 * len(SEEDS)}" for name in NAMES])


# %%
taken = {
    data: epochs.table(
        {activation.called(name): [trained[data, name, s].epochs for s in SEEDS] for name in NAMES}
    )
    for data in DATA
}
counts = {data: epochs.counts(frame) for data, frame in taken.items()}
judged = {
    data: width.table({name: right(data, name) for name in NAMES}, "activation") for data in DATA
}
figure, axes = style.panels(2, width=11, height=4.5)
for ax, (data, frame) in zip(axes, taken.items(), strict=True):
    epochs.draw(frame, ax, limit=RECIPE.epochs)
    ax.set_title(f"{data}. {ax.get_title(loc='left')}", loc="left")
show(figure, "Epochs to 95 % on moons and circles for each activation, seed by seed.")

# %% [markdown]
# **Moons.** `reached` of `seeds` got there, after `median` epochs (infinite if most did not). The
# accuracy on other examples has a 95 % interval that counts seeds and examples; tied is what
# cannot be told from the best. The gradient of a layer is the root mean square over its weights
# before the first step, in brackets from the least to the greatest of the seeds. Dead are the
# hidden units, of all seeds, that pass no gradient back for any example at the end.

# %%
told("moons")

# %% [markdown]
# **Circles.**

# %%
told("circles")

# %% [markdown]
# ## What they have made of it
#
# The first seed's networks. ReLU folds along straight lines, the smooth ones bend.


# %%
def drawn(data, name):
    """What the first seed's network makes of the plane."""
    network, theta = networks[name], trained[data, name, 0].theta
    X, _, labels = DATA[data][0]
    return boundary.table(X, labels, lambda at: network.outputs(theta, at), points=100)


# %%
frames = {
    f"{activation.called(name)}, {data}": drawn(data, name) for data in DATA for name in NAMES
}
show(boundary.grid(frames, 3), "Boundaries of six activations on moons and on circles.")

# %% [markdown]
# ## The answer


# %%
def answer(data):
    """How often each activation got there, and which cannot be told from the best."""
    reached = ", ".join(f"{name} {n}" for name, n in counts[data]["reached"].items())
    tied = ", ".join(activation.called(name) for name in judged[data].query("tied")["activation"])
    best = f"of {len(SEEDS)} seeds got there: {reached}. Not to be told from the best: {tied}"
    return f"- {data}: {best}. {dead(data, 'relu')} of {4 * len(SEEDS)} ReLU units ended dead."


# %%
flat, steepest = facts["f' at -10"].abs(), facts["steepest f'"]
Markdown(
    f"At z = −10 sigmoid's slope is {flat['sigmoid']:.0e}, tanh's {flat['tanh']:.0e}, ReLU's "
    f"{flat['relu']:g}, leaky ReLU's {flat['leaky_relu']:g}; sigmoid's never passes "
    f"{steepest['sigmoid']:.2g}, so, weights aside, an error shrinks to a "
    "quarter or less in every layer of it. For the small networks:\n\n"
    + "\n".join(map(answer, DATA))
)
