# %% [markdown]
# # How did six iterations get from a broken network to a good one?
#
# A write-up tells of six steps: a loss that was not a number, a mended gradient, more units three
# times with one learning rate too high in between, and 94.25 % at the end. Here the same six are
# trained on the same footing, each with several seeds, and set beside what was published.

# %%
# %matplotlib inline
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import captions, network, results, summary, words
from analysis.plots import iteration_curves, iteration_history, style
from pipeline.nn.gradcheck import TOLERANCE, check, relative_error
from pipeline.nn.mlp import MLP
from studies.faults import FAULTS, TWIN

style.use()
pd.options.display.float_format = "{:.1e}".format
found = results.from_notebook()
study = captions.of_sampler(found, "variants", "")
assert study, "params.yaml has no study of variants: drop this notebook from report.notebooks"
steps = iteration_history.table(study)


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## What changes, and what stays?

# %%
Markdown(
    f"Unless a step says otherwise: {network.described(study.about['settings'])}. "
    f"Seeds {summary.listed([str(seed) for seed in study.about['seeds']])}, "
    f"the same for every step, and the same {study.images:,} validation images."
)

# %%
pd.DataFrame(study.variants).T.fillna("").rename_axis("step")

# %% [markdown]
# ## What did the gradient check see?
#
# Before a step is trained, its backward pass is compared with central differences on a small
# network in float64: the relative error of each parameter array, ‖a − n‖ / (‖a‖ + ‖n‖), must
# stay below 1e-7. The first step is trained with a wrong gradient on purpose.

# %%
steps.set_index("variant")[["gradient_error", "gradient_passed"]]

# %% [markdown]
# The same check, live: array by array, for the sound network and for every defect that the
# replays know.

# %%
networks = {"sound": MLP} | FAULTS
errors = pd.DataFrame({name: check(kind(TWIN)).errors for name, kind in networks.items()})
errors.T

# %% [markdown]
# A check is only worth its name if it fails on small faults too.

# %%
gradient = np.random.default_rng(0).standard_normal(1000)
error = relative_error(1.001 * gradient, gradient)
Markdown(
    f"A gradient one part in a thousand too long has an error of {error:.1e}, "
    f"{error / TOLERANCE:,.0f} times the limit of {TOLERANCE:.0e}."
)

# %% [markdown]
# ## The iteration history

# %%
Markdown(Path("reports/tables/iteration_history.md").read_text(encoding="utf-8"))

# %%
figure, ax = style.single(9, 5)
iteration_history.draw(steps, ax)
show(figure, captions.alternative("iteration_history", found))

# %%
figure, ax = style.single(9, 5)
iteration_curves.draw(iteration_curves.table(study), ax)
show(figure, captions.alternative("iteration_curves", found))

# %% [markdown]
# ## Where does it differ from what was published?
#
# The published numbers come from other images and other splits, and carry no interval; ours are
# means over seeds on the validation images. A small difference says little.

# %%
Markdown("\n".join(f"- {line}" for line in summary.beside_published(steps)))

# %% [markdown]
# ## The answer

# %%
caught = steps.loc[~steps["gradient_passed"].astype(bool), "variant"].str.replace("_", " ")
published = steps.dropna(subset="published_accuracy")
inside = published["published_accuracy"].between(published["low"], published["high"]).sum()
top = steps.loc[steps["val_accuracy"].idxmax()]
Markdown(
    f"The gradient check caught {summary.listed(list(caught)) or 'nothing'}, before any training. "
    f"Then: {'; '.join(summary.step(row) for _, row in steps.iloc[1:].iterrows())}. "
    f"The best mean is {words.percent(top['val_accuracy'])} "
    f"({words.between(top['low'], top['high'])}), with {top['configuration']}. "
    f"{inside} of {len(published)} published accuracies lie inside our intervals."
)
