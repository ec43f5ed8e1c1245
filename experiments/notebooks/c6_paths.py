# %% [markdown]
# # Which way does an optimizer go, and why is one faster than another?
#
# On a surface of two parameters one can watch. Three surfaces are hard in three ways: a narrow
# valley that bends, a saddle that is flat where one starts, and a bowl a hundred times steeper one
# way than the other. The optimizers are the trainer's own.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis.plots import style
from analysis.plots.primer import paths
from pipeline.nn.optimizers import SGD, Adam, AveragedMomentum, Momentum, RMSProp
from pipeline.primer.surfaces import bowl, saddle, trajectory, valley

style.use()
pd.options.display.float_format = "{:.2g}".format
OPTIMIZERS = {
    "SGD": SGD(),
    "momentum": Momentum(0.9),
    "RMSProp": RMSProp(0.9),
    "Adam": Adam(),
}
SURFACES = {surface.name: surface for surface in (valley(), saddle(), bowl())}
STARTS = {
    "narrow valley": [(-1.5, 2.0), (-1.4, 1.5), (-1.7, 1.8)],
    "saddle": [(1.5, 1e-3), (1.4, 1e-4), (1.6, 1e-5)],
    "ill-scaled bowl": [(1.9, 0.83), (2.1, 0.94), (1.8, 1.02)],
}
WINDOWS = {
    "narrow valley": ((-2.0, 2.0), (-1.0, 3.0)),
    "saddle": ((-1.8, 1.8), (-1.8, 1.8)),
    "ill-scaled bowl": ((-2.4, 2.4), (-1.3, 1.3)),
}
RATES, STEPS, LOW = np.geomspace(1e-4, 1, 17), 500, 1e-3


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## To each its own learning rate
#
# The same rate means different things to different optimizers, so no rate is fair to all. Each
# gets the best of 17 rates from 0.0001 to 1. One leap may land near the bottom by luck, so there
# are three starts, and a rate is judged by the worst loss that it ends with after 500 steps.


# %%
def last_loss(place, name, lr):
    """The worst of the three starts' last losses; infinite where one leaves all bounds."""
    ways = (trajectory(SURFACES[place], OPTIMIZERS[name], at, STEPS, lr) for at in STARTS[place])
    losses = np.array([SURFACES[place].value(way[-1]) for way in ways])
    return float(losses.max()) if np.isfinite(losses).all() else np.inf


# %%
np.seterr(over="ignore", invalid="ignore")  # some rates are meant to be too high
tried = pd.DataFrame(
    [(p, n, lr, last_loss(p, n, lr)) for p in SURFACES for n in OPTIMIZERS for lr in RATES],
    columns=["surface", "optimizer", "learning rate", "last loss"],
)
best = tried.loc[tried.groupby(["surface", "optimizer"], sort=False)["last loss"].idxmin()]
best = best.set_index(["surface", "optimizer"])
best


# %%
def walked(place, start):
    """The table of all optimizers' paths from a start, each at its best rate."""
    surface, rates = SURFACES[place], best.loc[place, "learning rate"]
    ways = {n: trajectory(surface, OPTIMIZERS[n], start, STEPS, rates[n]) for n in OPTIMIZERS}
    return paths.table(ways, surface.value).assign(surface=place, start=str(start))


# %%
def drawn(place):
    """A figure of the paths from the first start, and of the loss beside it."""
    figure, (left, right) = style.panels(2, width=11, height=4.8)
    frame, value = frames[frames["start"] == str(STARTS[place][0])], SURFACES[place].value
    paths.draw(frame, left, value=value, window=WINDOWS[place]).set_title(place)
    paths.draw_losses(frame, right).legend()
    return figure


# %%
frames = pd.concat([walked(place, start) for place in STARTS for start in STARTS[place]])

# %% [markdown]
# ## The narrow valley
#
# Steep walls on both sides, and a floor that falls gently and bends. A rate small enough not to
# jump from wall to wall is too small for the floor. White: the start. Squares: the end. Light is
# low.

# %%
show(drawn("narrow valley"), "Paths from the upper left of a bent valley towards (1, 1).")

# %% [markdown]
# ## The saddle
#
# The start is almost on the ridge, 0.001 off: downhill leads straight to the saddle, where the
# gradient is almost nothing.

# %%
show(drawn("saddle"), "Paths that run to the saddle at (0, 0) and from there up to (0, 1).")

# %% [markdown]
# ## The ill-scaled bowl
#
# What plain descent can bear is set by the steep direction, how far it has to go by the flat one.

# %%
show(drawn("ill-scaled bowl"), "Paths across an elongated bowl to its lowest point (0, 0).")

# %% [markdown]
# ## Two forms of momentum
#
# Some books write velocity = β velocity − lr g, others velocity = β velocity + (1 − β) g with
# theta −= lr velocity. The second moves (1 − β) times as far at the same rate; at lr / (1 − β)
# the two are one.

# %%
bottom = SURFACES["ill-scaled bowl"]
rates = {"sum of steps, rate 0.002": (Momentum(0.9), 0.002)}
rates |= {f"average, rate {lr:g}": (AveragedMomentum(0.9), lr) for lr in (0.002, 0.02)}
forms = {name: trajectory(bottom, how, (2, 1), 60, lr) for name, (how, lr) in rates.items()}
figure, ax = style.single(8, 4.5)
frame, window = paths.table(forms, bottom.value), WINDOWS["ill-scaled bowl"]
paths.draw(frame, ax, value=bottom.value, window=window).legend(loc="lower left")
show(figure, "Three paths, two of which lie on each other.")

# %%
summed, _, averaged = forms.values()
Markdown(f"The largest distance of the two paths is {np.abs(summed - averaged).max():.0e}.")

# %% [markdown]
# ## How long to the bottom?
#
# Steps until the loss stays below 0.001, from each of the three starts, at the rates from above.

# %%
high = frames[~(frames["loss"] < LOW)]
last = high.groupby(["surface", "start", "optimizer"])["step"].max() + 1
taken = last.where(last <= STEPS).unstack().reindex(SURFACES, level=0)[list(OPTIMIZERS)]
taken.map(lambda steps: "not there" if np.isnan(steps) else f"{steps:.0f}")


# %%
def told(place):
    """Who came down first from each start of a surface, and how plain SGD fared there."""
    from_all = taken.loc[place].dropna(axis="columns")
    worst = from_all.max().sort_values()
    came = ", ".join(f"{name} within {steps:.0f} steps" for name, steps in worst.items())
    return f"- {place}: from all three starts came {came or 'nobody'}."


# %% [markdown]
# ## The answer

# %%
rates = best["learning rate"].unstack()[list(OPTIMIZERS)]
spread = (rates.max() / rates.min()).map("{:.0f} times".format)
Markdown(
    f"Down to a loss of {LOW:g} within {STEPS} steps, each at its best of {len(RATES)} rates:\n\n"
    + "\n".join(map(told, SURFACES))
    + "\n\nThe best rates of the three surfaces lie apart by "
    + ", ".join(f"{spread[name]} for {name}" for name in OPTIMIZERS)
    + ". There is no noise on these surfaces, and a few steps more or less hang on which "
    "rates were tried: the paths show how an optimizer moves, not which is best on digits."
)
