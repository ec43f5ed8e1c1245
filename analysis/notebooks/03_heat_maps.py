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

from analysis import captions, figures, results, showing
from analysis.plots import heatmap, heatmaps, hidden_size, style
from analysis.showing import show

style.use()
pd.options.display.float_format = "{:.3g}".format
found = results.from_notebook()
grid = captions.of_sampler(found, "grid", "")
crossed = set(grid.space) if grid else set()
both = {"learning_rate", "batch_size"} <= crossed
random = found.random or found.search

# %% [markdown]
# ## Learning rate and batch size, in the grid

# %%
if both:
    text = captions.alternative("heatmap", found)
    show(text, lambda: figures.one(heatmap, grid, "learning_rate", "batch_size", size=(8, 5)))
else:
    display(Markdown(showing.NO_GRID))

# %% [markdown]
# Does the best learning rate move with the batch size? Then a rate that was tuned for one batch
# size says little about another.

# %%
if both:
    best = grid.trials.sort_values("val_accuracy").groupby("batch_size").tail(1)
    best = best.sort_values("batch_size")[["batch_size", "learning_rate", "val_accuracy"]]
    display(best.set_index("batch_size"))

# %%
Markdown(showing.rule("batch_size_confounded"))

# %% [markdown]
# ## The same for each hidden size

# %%
if both and "hidden_size" in crossed:
    text = captions.alternative("heatmap_by_hidden_size", found)
    show(text, lambda: heatmaps.by_value(grid, "learning_rate", "batch_size", "hidden_size"))

# %%
if "hidden_size" in crossed:
    text = captions.alternative("hidden_size", found)
    show(text, lambda: figures.one(hidden_size, grid, size=(8, 4.5)))

# %% [markdown]
# ## Every pair of parameters

# %%
show(
    captions.alternative(f"heatmaps_{random.key}", found),
    lambda: heatmaps.pairs(random),
)

# %% [markdown]
# ## The answer

# %%
answer = [
    captions.alternative("heatmap", found) if both else "",
    captions.alternative("hidden_size", found) if "hidden_size" in crossed else "",
    showing.rule("best_at_edge"),
]
Markdown("\n\n".join(part for part in answer if part))
