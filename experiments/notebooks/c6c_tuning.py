# %% [markdown]
# # Which settings are best, and does a grid find them better than chance?
#
# A grid of 4 learning rates, 4 batch sizes and 3 hidden sizes: 48 configurations of one hidden
# layer and Adam, 50 epochs each, three seeds. Beside it as many trainings at random points between
# the same ends. What did the grid find, what did it cost, and would chance have found as much?

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import Markdown, display

from analysis import configurations, confirmation, figures, load, pairs, words
from analysis.plots import cost, dots, heatmap, heatmaps, hidden_size, style
from analysis.showing import loaded, show
from analysis.statistics import expected_best

style.use()
pd.options.display.float_format = "{:.4g}".format
SHOWN = 12  # the best configurations


# %%
grid, random = loaded(load.study, "c6c_grid"), loaded(load.study, "c6c_random")
confirm = loaded(load.confirm, load.REPORTS)
frame = configurations.table(grid) if grid else None

# %% [markdown]
# ## Learning rate and batch size
#
# In each cell the best over hidden sizes and seeds in per cent, the mean in brackets, and how many
# trainings stand behind them.

# %%
if grid:
    show(
        "Heat map of accuracy by learning rate and batch size.",
        lambda: figures.one(heatmap, grid, "learning_rate", "batch_size", size=(9, 5)),
    )

# %%
if grid:
    show(
        "Heat maps of learning rate and batch size, one for each hidden size.",
        lambda: heatmaps.by_value(grid, "learning_rate", "batch_size", "hidden_size"),
    )

# %% [markdown]
# ## Hidden units, and what they cost

# %%
if grid:
    show(
        "Accuracy against hidden units, every training and the best of each.",
        lambda: figures.one(hidden_size, grid, size=(9, 4.5)),
    )

# %%
if grid:
    show(
        "Bars of training time by batch size and hidden units.",
        lambda: figures.one(cost, grid, "batch_size", "hidden_size", size=(9, 4.5)),
    )

# %% [markdown]
# ## The best, and what is tied with it
#
# The mean of three seeds each. With 48 configurations, comparisons have to be strict to hold
# together, and many stay tied.


# %%
def top(frame):
    """The best configurations, best first."""
    best = frame.sort_values("val_accuracy", ascending=False, kind="stable").head(SHOWN)
    best.attrs |= frame.attrs
    return best


# %%
if grid:
    show(
        "The twelve best configurations with intervals, and their training accuracy.",
        lambda: dots.draw(dots.table(top(frame)), style.single(10, 5.5)[1]).figure,
    )

# %%
Markdown(configurations.markdown(top(frame))) if grid else None

# %% [markdown]
# ## Grid against chance
#
# The mean best of n trainings, over all ways to take n of them: of the grid's points, one seed at
# a time, the mean of the seeds; and of the random points. One training a point in both, so both
# are as lucky.


# %%
def budget():
    """The expected best of n for both, n from 1 to as many as both have."""
    seeds = [expected_best(t["val_accuracy"]) for _, t in grid.trials.groupby("seed")]
    by = {"grid": sum(seeds) / len(seeds), "random": expected_best(random.trials["val_accuracy"])}
    best = pd.DataFrame({name: pd.Series(each) for name, each in by.items()}).dropna()
    return best.set_axis(best.index + 1)


# %%
def drawn(frame):
    """The expected best of n against n."""
    figure, ax = style.single(9, 4.5)
    frame.plot(ax=ax, style=["-", "--"], color=style.colors(2))
    style.accuracy_axis(ax, [*frame["grid"], *frame["random"]])
    return labeled(figure, ax)


# %%
def labeled(figure, ax):
    """Name the axes."""
    style.log_axis(ax)
    ax.set(xlabel="trainings", ylabel="expected best of so many (error scale)")
    return figure


# %%
if grid and random:
    spent = budget()
    show(
        "Expected best validation accuracy of n trainings, grid and random.", lambda: drawn(spent)
    )
    some = [n for n in (1, 4, 8, 16, 24, 48) if n <= len(spent)]
    display(100 * spent.loc[some].T)

# %% [markdown]
# ## The best of each, trained again
#
# The best score of many is lucky. So the grid's best and random search's best were trained again
# over seeds that chose nothing.

# %%
said = "Nothing was trained again yet: `python -m studies confirm` does that."
if confirm:
    said = confirmation.markdown(confirmation.table(confirm), confirm)
Markdown(said)

# %% [markdown]
# ## The answer


# %%
def top_by(name):
    """The parameters of the best configuration for each value of one of them, in order."""
    best = frame.loc[frame.groupby(name)["val_accuracy"].idxmax()]
    return best[configurations.parameters(grid)].to_dict("records")


# %%
def values(rows):
    """Which values some configurations have."""
    some = {name: sorted(rows[name].unique()) for name in configurations.parameters(grid)}
    return "; ".join(f"{words.name(n)} {', '.join(f'{v:g}' for v in v)}" for n, v in some.items())


# %%
said = ["There is no answer yet: `python -m studies run c6c_grid` trains these networks."]
if grid:
    best, worst = (
        frame.loc[f(frame["val_accuracy"])] for f in (pd.Series.idxmax, pd.Series.idxmin)
    )
    near = frame[frame["val_accuracy"] > best["val_accuracy"] - 0.01]
    units = top_by("hidden_size")
    slow = cost.table(grid, "batch_size", "hidden_size").groupby("batch_size")["seconds"].mean()
    at_edge = best["hidden_size"] == frame["hidden_size"].max()
    edge = "beyond what was tried there may be better" if at_edge else "not an edge"
    lucky = words.percent(grid.trials["val_accuracy"].max())
    said = [
        f"The best of {len(frame)} is {words.parameters(best, grid.space)} with "
        f"{words.with_interval(best['val_accuracy'], best['low'], best['high'])}. "
        f"{frame['tied'].sum() - 1} others are tied with it: three seeds do not show them to be "
        f"worse. Within a point of it lie {len(near)}: {values(near)}. The best single training "
        f"of {len(grid.trials)} reached {lucky}: that is the luck of one seed.",
        f"The best with {units[-1]['hidden_size']} hidden units against the best with "
        f"{units[0]['hidden_size']}: {pairs.change(grid, units[-1], units[0])}. The best has "
        f"{best['hidden_size']} of at most {frame['hidden_size'].max()}: {edge}.",
        f"Batches of {slow.index[0]} took {slow.iloc[0] / slow.iloc[-1]:.1f} times as long as "
        f"batches of {slow.index[-1]}, for as many epochs, on a machine that had other work too.",
    ]
if grid and random:
    one, half, last = spent.iloc[0], spent.iloc[len(spent) // 2 - 1], spent.iloc[-1]
    bad = frame.loc[frame["learning_rate"] == frame["learning_rate"].max(), "val_accuracy"].mean()
    large = [s.trials["hidden_size"] > 0.9 * frame["hidden_size"].max() for s in (grid, random)]
    why = "a grid goes to the edge, where the best is" if at_edge else "the best is elsewhere"
    shares = [words.percent(each.mean(), 0) for each in large]
    said += [
        f"Of {len(spent)} trainings each, the best of the grid has {words.percent(last['grid'])} "
        f"(mean of its seeds), the best at random {words.percent(last['random'])}, "
        f"{words.points(last['random'] - last['grid'])} points. Of half as many: "
        f"{words.percent(half['grid'])} and {words.percent(half['random'])}. Of one: "
        f"{words.percent(one['grid'])} and {words.percent(one['random'])}, for a quarter of the "
        f"grid has the highest rate and reaches {words.percent(bad)} on average. Of the grid "
        f"{shares[0]} have nine tenths of the most hidden units or more, of the random points "
        f"{shares[1]}: {why}. These are single searches: there is no interval, and none is won.",
    ]
if confirm:
    names = [each["variant"] for each in confirmation.candidates(confirm)]
    fresh = pairs.change(confirm, names[0], names[-1])
    said += [
        "Trained again over fresh seeds, the best single training of the grid with all its seeds "
        f"against the best at random, of fewer trainings: {fresh}."
    ]
Markdown("\n\n".join(said))
