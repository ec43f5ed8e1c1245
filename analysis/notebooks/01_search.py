# %% [markdown]
# # What did the search find, and how far can it be trusted?
#
# A search learns from its earlier trials where to look next; random search in the same space does
# not. Everything below is accuracy on the validation images, except where the test images are
# named; those were opened once, after everything was decided.

# %%
# %matplotlib inline
from pathlib import Path

import pandas as pd
from IPython.display import Markdown, display

from analysis import captions, load, network, results, standings, summary, words
from analysis.plots import (
    expected_performance,
    importance,
    learning_curves,
    optimization_history,
    style,
)
from analysis.verdicts import judge

style.use()
pd.options.display.float_format = "{:.3g}".format
tables = Path("reports/tables")
found = results.from_notebook()
search, random = found.search, found.random
sampler = summary.NAMES.get(search.about["sampler"], search.about["sampler"])


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## What won?

# %%
Markdown(f"The winner: {network.described(found.settings)}.")

# %%
best = pd.read_csv(tables / "leaderboard.csv")
best.head(10).drop(columns=["rank", "split", "epochs_trained", "parameters"]).set_index("study")

# %% [markdown]
# ## How sure is that?
#
# Intervals are Wilson's, at 95 %: they count the finite set of images. A best of many flatters
# itself, because the same images chose it; the test images chose nothing.

# %%
rows = pd.DataFrame(standings.standings(found)).set_index("name")
rows.assign(**rows[["accuracy", "low", "high"]].map(words.percent))

# %%
untuned = found.untuned and summary.against_untuned(search, found.untuned)
others = int(best["tied"].sum()) - 1
Markdown(
    f"{others} of the next {len(best) - 1} configurations tie with the best: McNemar's exact test "
    f"on the same {search.images:,} images cannot tell them apart. "
    + (f"The best beside the untuned network: {untuned.verdict} points." if untuned else "")
)

# %% [markdown]
# ## Was the search worth it against random search?

# %%
figure, ax = style.single(8, 4.5)
frame = optimization_history.table({study.key: study for study in (search, random) if study})
optimization_history.draw(frame, ax, x="spent").legend(loc="lower right")
show(figure, captions.alternative("optimization_history", found))

# %%
duel = summary.against_random(search, random) if random else None
Markdown(
    f"The best of {sampler} beside the best of random search: {duel.verdict} points. "
    f"{sampler} took {summary.budgets(search, random)}."
    if duel
    else "There is no random search in the same space to compare with."
)

# %% [markdown]
# What so many random draws lead to on average, and where the search stands beside that. Only
# independent draws can say this.

# %%
if random:
    figure, ax = style.single(8, 4.5)
    expected_performance.draw(expected_performance.table(random, search), ax)
    show(figure, captions.alternative("expected_performance", found))

# %% [markdown]
# ## What did the pruner stop?
#
# A pruner stops a trial that lags behind the trials of earlier rounds at the same epoch.

# %%
figure, ax = style.single(8, 4.5)
learning_curves.draw(learning_curves.table(search), ax)
show(figure, captions.alternative(f"learning_curves_{search.key}", found))

# %%
saved = search.about["settings"]["epochs"] * search.about["trials"] - search.about["epochs"]
Markdown(
    f"{search.about['pruned']} of {search.about['trials']} trials were pruned and "
    f"{search.about['diverged']} diverged"
    + (f", which saved {saved:,} epochs." if "epochs" not in search.space else ".")
)

# %% [markdown]
# ## Which parameters matter?
#
# Importance takes independent draws, so it comes from the random search. PED-ANOVA asks what
# leads into the best tenth, fANOVA what explains the variance everywhere. Intervals are from
# resampling the trials.

# %%
if random:
    importances = importance.table(load.importances(), random.key)
ranked = random is not None and importances["importance"].notna().any()
if ranked:
    figure, ax = style.single(8, 4)
    importance.draw(importances, ax)
    show(figure, captions.alternative("importance", found))
else:
    print("There are not enough independent trials to rank the parameters.")

# %% [markdown]
# ## The answer

# %%
fired = judge.read()["fired"]
answer = [
    f"The search found {network.described(found.settings)}.",
    summary.on_test_images(found.tuned),
    f"{sampler} against random search: {duel.verdict} points." if duel else "",
    f"{importance.title(importances)}." if ranked else "",
    "What to do next:",
    "\n".join(f"- {verdict.words} {verdict.command}." for verdict in fired) or "no rule fires.",
]
Markdown("\n\n".join(part for part in answer if part))
