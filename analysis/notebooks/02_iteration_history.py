# %% [markdown]
# # How did six iterations get from a broken network to a good one?
#
# A write-up tells of six steps: a loss that was not a number, a mended gradient, more units three
# times with one learning rate too high in between, and 94.25 % at the end. Here the same six are
# trained on the same footing, each with several seeds, and set beside what was published.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import captions, figures, iterations, network, results, showing, summary, words
from analysis.plots import iteration_curves, iteration_history, style
from analysis.showing import show
from pipeline.nn.gradcheck import TOLERANCE, check, relative_error
from pipeline.nn.mlp import MLP
from studies.faults import FAULTS, TWIN

style.use()
pd.options.display.float_format = "{:.1e}".format
found = results.from_notebook()
study = captions.of_sampler(found, "variants", "")
steps = iterations.table(study) if study else pd.DataFrame()
if not study:
    display(Markdown(showing.NO_VARIANTS))

# %% [markdown]
# ## What changes, and what stays?

# %%
if study:
    seeds = summary.listed([str(seed) for seed in study.about["seeds"]])
    same = f"the same for every step, and the same {study.images:,} validation images."
    described = network.described(study.about["settings"])
    display(Markdown(f"Unless a step says otherwise: {described}. Seeds {seeds}, {same}"))

# %%
if study:
    display(pd.DataFrame(study.variants).T.fillna("").rename_axis("step"))

# %% [markdown]
# ## What did the gradient check see?
#
# Before a step is trained, its backward pass is compared with central differences on a small
# network in float64: the relative error of each parameter array, ‖a − n‖ / (‖a‖ + ‖n‖), must
# stay below 1e-7. The first step is trained with a wrong gradient on purpose.

# %%
if study:
    display(steps.set_index("variant")[["gradient_error", "gradient_passed"]])

# %% [markdown]
# The same check, live: array by array, for the sound network and for every wrong gradient that
# the replays know.

# %%
kinds = {name: fault.network for name, fault in FAULTS.items() if fault.network is not MLP}
networks = {"sound": MLP} | kinds
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
if study:
    display(Markdown(iterations.markdown(steps)))

# %%
if study:
    text = captions.alternative("iteration_history", found)
    show(text, lambda: figures.one(iteration_history, study, size=(9, 5)))

# %%
if study:
    text = captions.alternative("iteration_curves", found)
    show(text, lambda: figures.one(iteration_curves, study, size=(9, 5)))

# %% [markdown]
# ## Where does it differ from what was published?
#
# The published numbers come from other images and other splits, and carry no interval; ours are
# means over seeds on the validation images. A small difference says little.

# %%
if study:
    display(Markdown("\n".join(f"- {line}" for line in summary.beside_published(steps))))

# %% [markdown]
# ## The answer

# %%
answer = []
if study:
    caught = steps.loc[~steps["gradient_passed"].astype(bool), "variant"].str.replace("_", " ")
    named = summary.listed(list(caught)) or "nothing"
    answer.append(f"The gradient check caught {named}, before any training.")
    later = "; ".join(summary.step(row) for _, row in steps.iloc[1:].iterrows())
    answer.append(f"Then: {later or 'nothing more'}.")

# %%
if study:
    top = steps.loc[steps["val_accuracy"].idxmax()]
    shown = words.with_interval(*top[["val_accuracy", "low", "high"]])
    published = steps.dropna(subset="published_accuracy")
    inside = published["published_accuracy"].between(published["low"], published["high"]).sum()
    answer.append(f"The best mean is {shown}, with {top['configuration']}.")
    answer.append(f"{inside} of {len(published)} published accuracies lie inside our intervals.")
Markdown(" ".join(answer) or showing.NO_VARIANTS)
