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
from pathlib import Path

from IPython.display import Markdown, display

from analysis import captions, confirmation, network, results, summary, tested, words
from analysis.plots import calibration, seed_spread, style
from analysis.verdicts import judge

style.use()
found = results.from_notebook()
rules = {verdict.rule: verdict for each in judge.read().values() for verdict in each}
tables = Path("reports/tables")
assert found.confirm, "nothing was trained again: run python -m studies confirm"
assert found.tuned, "nothing was tested: run python -m studies final"
again, on_test = confirmation.table(found.confirm), tested.table(found.tuned)


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## Trained again over fresh seeds

# %%
Markdown((tables / "confirm.md").read_text(encoding="utf-8"))

# %%
figure, ax = style.single(8, 4.8)
seed_spread.draw(seed_spread.table(found.confirm), ax)
show(figure, captions.alternative("seed_spread", found))

# %% [markdown]
# ## What was luck?

# %%
luck = again[again["role"] != "pruned"]
Markdown(
    "\n".join(
        f"- {row['study']} trial {row['number']}: {words.percent(row['search_accuracy'])} in the "
        f"search, {words.percent(row['val_accuracy'])} on average over fresh seeds, "
        f"{words.points(row['curse'])} points of luck."
        for row in luck.to_dict("records")
    )
)

# %% [markdown]
# ## Did the pruner throw away a winner?

# %%
Markdown(rules["pruned_a_leader"].words)

# %% [markdown]
# ## On the test images

# %%
Markdown((tables / "final.md").read_text(encoding="utf-8"))

# %% [markdown]
# Is the network as sure as it is right? One that says 90 % should be right in nine of ten cases.

# %%
figure, ax = style.single(6.5, 6)
calibration.draw(calibration.table(found.tuned.predictions), ax)
show(figure, captions.alternative("calibration", found))

# %% [markdown]
# ## The answer

# %%
answer = [
    f"The winner: {network.described(found.settings)}.",
    confirmation.verdict(again),
    summary.on_test_images(found.tuned),
    f"On the test images it is {summary.listed(list(tested.beside(on_test)))}.",
    rules["tied_leaders"].words,
    rules["unstable_optimum"].words,
]
Markdown("\n\n".join(answer))
