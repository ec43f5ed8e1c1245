# %% [markdown]
# # Where are the good settings, and do they hang together?
#
# A grid crosses a few parameters, so that every cell of its heat maps is filled. The random search
# says the same of every pair of parameters, with cells that nothing was drawn into left empty.
# In each cell: the best validation accuracy in per cent, the mean below it, and how many trials
# stand behind them. All maps of a figure have one scale.

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import Markdown, display

from analysis import captions, results
from analysis.plots import heatmap, heatmaps, hidden_size, style
from analysis.verdicts import judge

style.use()
pd.options.display.float_format = "{:.3g}".format
found = results.from_notebook()
rules = {verdict.rule: verdict for each in judge.read().values() for verdict in each}
grid = captions.of_sampler(found, "grid", "")
crossed = set(grid.space) if grid else set()
random = found.random or found.search


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## Learning rate and batch size, in the grid

# %%
if {"learning_rate", "batch_size"} <= crossed:
    figure, ax = style.single(8, 5)
    heatmap.draw(heatmap.table(grid, "learning_rate", "batch_size"), ax)
    show(figure, captions.alternative("heatmap", found))
else:
    print("The project has no grid of learning rate and batch size.")

# %% [markdown]
# Does the best learning rate move with the batch size? Then a rate that was tuned for one batch
# size says little about another.

# %%
if {"learning_rate", "batch_size"} <= crossed:
    best = grid.trials.sort_values("val_accuracy").groupby("batch_size").tail(1)
    best = best.sort_values("batch_size")[["batch_size", "learning_rate", "val_accuracy"]]
    display(best.set_index("batch_size"))

# %%
Markdown(rules["batch_size_confounded"].words)

# %% [markdown]
# ## The same for each hidden size

# %%
if {"learning_rate", "batch_size", "hidden_size"} <= crossed:
    figure = heatmaps.by_value(grid, "learning_rate", "batch_size", "hidden_size")
    show(figure, captions.alternative("heatmap_by_hidden_size", found))
    figure, ax = style.single(8, 4.5)
    hidden_size.draw(hidden_size.table(grid), ax)
    show(figure, captions.alternative("hidden_size", found))

# %% [markdown]
# ## Every pair of parameters

# %%
show(heatmaps.pairs(random), captions.alternative(f"heatmaps_{random.key}", found))

# %% [markdown]
# ## The answer

# %%
edge = rules["best_at_edge"]
answer = [
    captions.alternative("heatmap", found) if {"learning_rate", "batch_size"} <= crossed else "",
    captions.alternative("hidden_size", found) if "hidden_size" in crossed else "",
    f"{edge.words} {edge.command}".strip(),
]
Markdown("\n\n".join(part for part in answer if part))
