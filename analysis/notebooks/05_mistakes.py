# %% [markdown]
# # What does the tuned network get wrong?
#
# Of the networks that were tested, this is the one that is saved: the tuned configuration with its
# first seed. Everything below is on the test images.

# %%
# %matplotlib inline
from IPython.display import Markdown, display

from analysis import captions, digits, figures, results, showing, words
from analysis.plots import (
    confusion_matrix,
    first_layer_weights,
    per_digit,
    style,
    worst_mistakes,
)
from analysis.showing import show

style.use()
found = results.from_notebook()
tuned = found.tuned
if not tuned:
    display(Markdown(showing.NO_FINAL))

# %% [markdown]
# ## What is hard?

# %%
if tuned:
    text = captions.alternative("per_digit", found)
    show(text, lambda: figures.one(per_digit, tuned.predictions, size=(8, 4.5)))

# %%
if tuned:
    by_digit = digits.table(tuned.predictions)
    display(Markdown(digits.markdown(by_digit)))

# %% [markdown]
# ## Which are taken for which?

# %%
if tuned:
    text = captions.alternative("confusion_matrix", found)
    show(text, lambda: figures.one(confusion_matrix, tuned.predictions, size=(7, 6)))

# %% [markdown]
# ## Where is it wrong and sure of it?

# %%
if tuned:
    text = captions.alternative("worst_mistakes", found)
    show(text, lambda: figures.rows(worst_mistakes, tuned, width=9, row=1.45))

# %% [markdown]
# ## What does it look for?
#
# Each tile is what one unit of the first layer adds up: red pixels speak for it, blue ones
# against.

# %%
if tuned:
    text = captions.alternative("first_layer_weights", found)
    show(text, lambda: figures.rows(first_layer_weights, tuned.first_layer, width=9, row=0.52))

# %% [markdown]
# ## The answer

# %%
wrong = captions.misread(found)
unsure = (wrong["probability"] < 0.5).sum() if len(wrong) else 0
answer = [captions.alternative("confusion_matrix", found)] if tuned else [showing.NO_FINAL]
if len(wrong):
    answer.append(f"In {unsure} of the {len(wrong)} it was less than half sure.")
    hardest = by_digit.sort_values("accuracy", kind="stable").iloc[0]
    read = words.with_interval(*hardest[["accuracy", "low", "high"]])
    kind = words.kind(by_digit["digit"])
    answer.append(f"The hardest {kind} is {hardest['digit']}, read in {read} of its images.")
Markdown(" ".join(answer))
