# %% [markdown]
# # What did the search find, and how far can it be trusted?
#
# A search learns from its earlier trials where to look next; random search in the same space does
# not. Everything below is accuracy on the validation images, except where the test images are
# named; those were opened once, after everything was decided.

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import Markdown, display

from analysis import (
    captions,
    figures,
    leaderboard,
    load,
    network,
    report,
    results,
    showing,
    standings,
    summary,
    words,
)
from analysis.plots import expected_performance, importance, learning_curves, style
from analysis.showing import show
from analysis.verdicts import judge

style.use()
pd.options.display.float_format = "{:.3g}".format
found = results.from_notebook()
search, random = found.search, found.random
draws = random or search
sampler = summary.NAMES.get(search.about["sampler"], search.about["sampler"])

# %% [markdown]
# ## What won?

# %%
Markdown(f"The winner: {network.described(found.settings)}.")

# %%
best = leaderboard.table(found.studies)
best.head(10).drop(columns=["rank", "split", "epochs_trained", "parameters"]).set_index("study")

# %% [markdown]
# ## How sure is that?
#
# Intervals hold at 95 %. Those of single networks are Wilson's and count the finite set of images;
# those of means over seeds count the seeds too. A best of many flatters itself, because the same
# images chose it; the test images chose nothing.

# %%
rows = pd.DataFrame(standings.standings(found)).set_index("name")
rows.assign(**rows[["accuracy", "low", "high"]].map(words.percent))

# %%
untuned = report.against_untuned(found)
beside = "The winner, over fresh seeds," if found.confirm else "The best of the search"
ties = f"{int(best['tied'].sum()) - 1} of the next {len(best) - 1} single trials tie with the best"
Markdown(
    f"{ties}: McNemar's exact test on the same {search.images:,} images cannot tell them apart. "
    if len(best)
    else "No trial of a search finished. "
)

# %%
if untuned:
    points = summary.signed(untuned.after - untuned.before)
    display(Markdown(f"{beside} beside the untuned network: {points} points ({untuned.verdict})."))

# %% [markdown]
# ## Was the search worth it against random search?
#
# On the right every epoch that was trained counts, those of pruned trials too.

# %%
show(
    captions.alternative("optimization_history", found),
    lambda: figures.optimization(leaderboard.searches(found.studies)),
)

# %% [markdown]
# A best of many is lucky. Where the best of both were trained again, the means over those fresh
# seeds are compared; otherwise the two single trainings.

# %%
duel = report.duel(judge.read())
lone = summary.against_random(search, random) if random else None
if lone and not duel:
    points = summary.signed(lone.after - lone.before)
    duel = f"{sampler} beside random search, one training each: {points} points ({lone.verdict})."
took = f"The search took {summary.budgets(search, random)}." if random else ""
Markdown(f"{duel} {took}" if duel or took else "No random search in the same space was run.")

# %% [markdown]
# What so many random draws lead to on average, and where the search stands beside that. Only
# independent draws can say this. The search stands where its epochs would have paid as many full
# random trials.

# %%
if draws.about["sampler"] == "random":
    show(
        captions.alternative("expected_performance", found),
        lambda: figures.one(expected_performance, draws, search, size=(8, 4.5)),
    )

# %% [markdown]
# ## What did the pruner stop?
#
# A pruner stops a trial that lags behind the trials of earlier rounds at the same epoch.

# %%
show(
    captions.alternative(f"learning_curves_{search.key}", found),
    lambda: figures.one(learning_curves, search, size=(8, 4.5)),
)

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
# leads into the best tenth, fANOVA what explains the variance everywhere. Ranges are from
# resampling the trials.

# %%
importances = importance.table(load.importances(), draws.key)
if len(importances):
    show(
        captions.alternative("importance", found),
        lambda: figures.one(importance, importances, draws.key, size=(8, 4)),
    )
else:
    display(Markdown(showing.NO_IMPORTANCES))

# %% [markdown]
# ## The answer

# %%
fired = judge.read()["fired"]
answer = [
    f"The search found {network.described(found.settings)}.",
    summary.on_test_images(found.tuned),
    duel,
    f"{importance.title(importances)}." if importances["importance"].notna().any() else "",
    "What to do next:",
    "\n".join(f"- {verdict.words} {verdict.command}." for verdict in fired) or "no rule fires.",
]
Markdown("\n\n".join(part for part in answer if part))
