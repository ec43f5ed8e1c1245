# %% [markdown]
# # Who won, and how sure is that?
#
# The best score of a search is the best of many, so luck is in it. The best configurations were
# therefore trained again over fresh seeds that they share, and the best mean won. The winner was
# then trained on training and validation images together, once for each of several seeds, and only
# then were the test images opened: for it, for configurations fixed beforehand, and for other
# models.

# %%
# %matplotlib inline
from IPython.display import Markdown

from analysis import (
    captions,
    confirmation,
    figures,
    network,
    results,
    showing,
    summary,
    tested,
    words,
)
from analysis.plots import calibration, seed_spread, style
from analysis.showing import show

style.use()
found = results.from_notebook()
again = confirmation.table(found.confirm) if found.confirm else None
on_test = tested.table(found.tuned) if found.tuned else None

# %% [markdown]
# ## Trained again over fresh seeds

# %%
Markdown(confirmation.markdown(again, found.confirm) if found.confirm else showing.NO_CONFIRM)

# %%
if found.confirm:
    text = captions.alternative("seed_spread", found)
    show(text, lambda: figures.one(seed_spread, found.confirm, size=(8, 4.8)))

# %% [markdown]
# ## What was luck?

# %%
luck = again[again["role"] != "pruned"].to_dict("records") if found.confirm else []
Markdown(
    "\n".join(
        f"- {row['study']} trial {row['number']}: {words.percent(row['search_accuracy'])} in its "
        f"study, {words.percent(row['val_accuracy'])} on average over fresh seeds, "
        f"{words.points(row['curse'])} points of luck."
        for row in luck
    )
)

# %% [markdown]
# ## Did the pruner throw away a winner?

# %%
Markdown(showing.rule("pruned_a_leader"))

# %% [markdown]
# ## On the test images

# %%
Markdown(tested.markdown(on_test) if found.tuned else showing.NO_FINAL)

# %% [markdown]
# Is the network as sure as it is right? One that says 90 % should be right in nine of ten cases.

# %%
if found.tuned:
    text = captions.alternative("calibration", found)
    show(text, lambda: figures.one(calibration, found.tuned.predictions, size=(6.5, 6)))

# %% [markdown]
# ## The answer

# %%
beside = summary.listed(list(tested.beside(on_test))) if found.tuned else ""
answer = [
    f"The winner: {network.described(found.settings)}.",
    confirmation.verdict(again) if found.confirm else showing.NO_CONFIRM,
    summary.on_test_images(found.tuned) or showing.NO_FINAL,
    f"On the test images it is {beside}." if beside else "",
    *dict.fromkeys(showing.rule(name) for name in ("tied_leaders", "unstable_optimum")),
]
Markdown("\n\n".join(part for part in answer if part))
