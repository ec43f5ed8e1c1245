# %% [markdown]
# # With which weights should a network begin?
#
# With zeros, units that are alike stay alike. With numbers that are too small, the signal fades
# from layer to layer on the way forward, and the error on the way back. Glorot (2010) and He
# (2015) chose the spread so that both keep their size: variance 2 / (d_in + d_out), and 2 / d_in
# for ReLU, which cuts half away. The network: 784-128-64-64-64-10, four hidden layers of ReLU, SGD
# at rate 0.1, batches of 64, 20 epochs, three seeds.

# %%
# %matplotlib inline
from itertools import islice

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import configurations, load, pairs, words
from analysis.plots import curves, dots, spread, style
from analysis.showing import loaded, show
from pipeline import dataset
from pipeline.nn.fit import evaluate, fit
from pipeline.nn.initializers import normal
from pipeline.nn.state import start
from pipeline.primer import insight
from pipeline.settings import Trainer, frozen
from pipeline.training import begin, recipe

style.use()
pd.options.display.float_format = "{:.3g}".format
SEED, LOOK = 1, 3  # one seed to look into, after so many epochs


# %%
study, train = loaded(load.study, "c6e"), loaded(dataset.load, "train")
frame = configurations.table(study) if study else None
both = study is not None and train is not None

# %% [markdown]
# ## Who learns?

# %%
if study:
    show(
        "Validation accuracy over the epochs for four ways to begin.",
        lambda: curves.draw(curves.table(study), style.single(9, 4.5)[1]).figure,
    )

# %%
if study:
    show(
        "Validation and training accuracy for four ways to begin, with intervals.",
        lambda: dots.draw(dots.table(frame), style.single(9, 3)[1]).figure,
    )

# %%
Markdown(configurations.markdown(frame)) if study else None

# %% [markdown]
# ## How large is the signal in each layer?
#
# Of the first seed, before training and after three epochs. On the left what each hidden layer
# puts out for 1,000 training images, on the right the gradient of each layer's weights. Sizes of
# what is not 0: thin bars hold 90 %, thick ones half of them, a mark is the median; the scale is a
# logarithm. A hollow mark below the axis: everything is 0.


# %%
def begun(variant):
    """A variant's network, its state, and the epochs to come."""
    settings = Trainer(**frozen(configurations.settings(study, variant)))
    return begin(settings, train, None, SEED)


# %%
def inside(mlp, state):
    """What hidden layers put out, and gradients, layer by layer."""
    layers = insight.activations(mlp, state.theta, train.X[:1000])
    return layers, insight.weight_gradients(mlp, state.theta, train)


# %%
def trained(variant):
    """A variant's network, and its insides before and after a few epochs."""
    mlp, state, epochs = begun(variant)
    before = inside(mlp, state)
    list(islice(epochs, LOOK))
    return mlp, state, before, inside(mlp, state)


# %%
def drawn(when):
    """Activations and gradients of all variants, before (2) or after (3) a few epochs."""
    figure, axes = style.panels(2, width=13, height=4.5)
    for i, ax in enumerate(axes):
        spread.draw(spread.table({called(n): each[when][i] for n, each in looked.items()}), ax)
    return label(figure, axes)


# %%
def called(variant):
    """A variant's name in words."""
    return variant.replace("_", " ")


# %%
def label(figure, axes):
    """Name the two panels."""
    axes[0].set_title("Activations of the hidden layers")
    axes[1].set_title("Gradients of the weights")
    axes[0].legend(loc="lower left")
    return figure


# %%
if both:
    looked = {name: trained(name) for name in study.variants}
    show("Activations and gradients layer by layer before training.", lambda: drawn(2))

# %%
if both:
    show("Activations and gradients layer by layer after three epochs.", lambda: drawn(3))


# %% [markdown]
# ## Does it fade as the theory says?
#
# A ReLU layer passes on its input's root mean square times the deviation of its weights times the
# square root of d_in / 2. He's deviation makes that 1. Below: from the first hidden layer to the
# last, before training, by how much the root mean square changed a layer.


# %%
def fading(layers):
    """By what the root mean square changes a layer, from the first hidden one to the last."""
    sizes = [float(np.sqrt(np.mean(a * a))) for a in layers]
    return (sizes[-1] / sizes[0]) ** (1 / (len(sizes) - 1)) if sizes[0] else 0.0


# %%
def theory(mlp, theta):
    """The same from the weights: their deviation times the square root of d_in / 2."""
    W = mlp.windows(theta).W[1:-1]
    return float(np.prod([w.std() * np.sqrt(len(w) / 2) for w in W])) ** (1 / len(W))


# %%
if both:
    fresh = {name: begun(name)[1].theta for name in study.variants}
    measured = {name: fading(layers) for name, (_, _, (layers, _), _) in looked.items()}
    by_theory = {name: theory(looked[name][0], theta) for name, theta in fresh.items()}
    fades = pd.DataFrame({"measured": measured, "theory": by_theory})
    display(fades)

# %% [markdown]
# ## Why zeros never learn
#
# All weights 0: every hidden unit puts out 0, so no weight of the next layer has a gradient, and
# no error flows back. Only the ten biases of the output move. Equal weights that are not 0 let the
# signal through, but all units of a layer get the same gradient: they stay one unit, however many
# there are. Below, after three epochs: how many units of each hidden layer differ (in the sixth
# decimal), how many of the parameters have moved, and how much is right. The last row asks whether
# N(0, 0.01) is bad in itself: the same, with one hidden layer of 128.


# %%
def equal(W, _):
    """An initializer: every weight the same."""
    W.fill(1 / len(W))


# %%
def alike(mlp, theta, before):
    """One row: different units in each hidden layer, moved parameters, training accuracy."""
    units = "-".join(map(str, insight.distinct_units(mlp, theta)))
    right = evaluate(mlp, theta, train.astype(theta.dtype.type))[1].mean()
    moved = f"{np.count_nonzero(theta != before):,} of {mlp.size:,}"
    return {"different units": units, "parameters moved": moved, "training accuracy": right}


# %%
def other(variant, initializer, **change):
    """A row for a variant with changed settings or from other weights, in double precision."""
    told = configurations.settings(study, variant) | {"precision": "float64"} | change
    settings, data = Trainer(**frozen(told)), train.astype(np.float64)
    mlp, how = begin(settings, train, None, SEED)[0], recipe(settings, len(train.X))
    return run(mlp, how, data, initializer)


# %%
def run(mlp, how, data, initializer):
    """Train a few epochs, and tell what became of the units."""
    state = start(mlp, how.optimizer, SEED, np.float64, initializer)
    before = state.theta.copy()
    list(islice(fit(mlp, state, data, None, how), LOOK))
    return alike(mlp, state.theta, before)


# %%
if both:
    rows = {name: alike(mlp, s.theta, fresh[name]) for name, (mlp, s, *_) in looked.items()}
    rows["equal, 1 / d_in"] = other("he", equal)
    rows["normal_0.01, one layer"] = other("normal_0.01", normal(0.01), hidden_size=[128])
    units = pd.DataFrame(rows).T
    display(units)

# %% [markdown]
# ## The answer

# %%
said = "There is no answer yet: `python -m studies run c6e` trains these networks."
if study:
    of = frame.set_index("variant")
    reached = {
        name: words.with_interval(row["val_accuracy"], row["low"], row["high"])
        for name, row in of.iterrows()
    }
    said = f"""
After {of["epochs"].max():.0f} epochs Glorot's start has reached {reached["glorot"]} of the
validation images, He's {reached["he"]}; Glorot against He:
{pairs.change(study, "glorot", "he")}. Zeros are at {reached["zeros"]} and N(0, 0.01) at
{reached["normal_0.01"]}, where a guess is at 10 %, for different reasons.
"""
if both:
    learned = units["training accuracy"].map(words.percent)
    said += f"""
Zeros: {units.loc["zeros", "parameters moved"]} parameters moved at all. Equal weights that are not
0 do move, but the hidden layers still hold {units.loc["equal, 1 / d_in", "different units"]}
different units, and {learned["equal, 1 / d_in"]} of the training images are right after {LOOK}
epochs, where He's start has {learned["he"]}: symmetry that nothing breaks.

N(0, 0.01) has no symmetry, {units.loc["normal_0.01", "different units"]} different units, but its
signal shrinks to {fades.loc["normal_0.01", "measured"]:.3f} of its size a layer (theory:
{fades.loc["normal_0.01", "theory"]:.3f}), Glorot's to {fades.loc["glorot", "measured"]:.2f}, He's
to {fades.loc["he", "measured"]:.2f}. After four layers little is left, and as little of the error
on its way back. With one hidden layer the same numbers have
{learned["normal_0.01, one layer"]} of the training images right after {LOOK} epochs: what counts
is the product over the layers.
"""
Markdown(said)
