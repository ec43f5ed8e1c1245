# %% [markdown]
# # What does the tuned network get wrong?
#
# Of the networks that were tested, this is the one that is saved: the tuned configuration with its
# first seed. Everything below is on the test images.

# %%
# %matplotlib inline
from IPython.display import Markdown, display

from analysis import captions, digits, results, words
from analysis.plots import (
    confusion_matrix,
    first_layer_weights,
    per_digit,
    style,
    worst_mistakes,
)

style.use()
found = results.from_notebook()
assert found.tuned, "nothing was tested: run python -m studies final"
predictions = found.tuned.predictions


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## Which digits are hard?

# %%
figure, ax = style.single(8, 4.5)
per_digit.draw(per_digit.table(predictions), ax)
show(figure, captions.alternative("per_digit", found))

# %%
by_digit = digits.table(predictions)
Markdown(digits.markdown(by_digit))

# %% [markdown]
# ## Which are taken for which?

# %%
figure, ax = style.single(7, 6)
confusion_matrix.draw(confusion_matrix.table(predictions), ax)
show(figure, captions.alternative("confusion_matrix", found))

# %% [markdown]
# ## Where is it wrong and sure of it?

# %%
frame = worst_mistakes.table(found.tuned)
figure, ax = style.single(9, 1.45 * worst_mistakes.rows(frame) + 0.4)
worst_mistakes.draw(frame, ax)
show(figure, captions.alternative("worst_mistakes", found))

# %% [markdown]
# ## What does it look for?
#
# Each tile is what one unit of the first layer adds up: red pixels speak for it, blue ones
# against.

# %%
frame = first_layer_weights.table(found.tuned.first_layer)
figure, ax = style.single(9, 0.52 * first_layer_weights.rows(frame) + 0.4)
first_layer_weights.draw(frame, ax)
show(figure, captions.alternative("first_layer_weights", found))

# %% [markdown]
# ## The answer

# %%
wrong = captions.misread(found)
unsure = (wrong["probability"] < 0.5).sum()
hardest = by_digit.sort_values("accuracy", kind="stable").iloc[0]
Markdown(
    f"{captions.alternative('confusion_matrix', found)} In {unsure} of the {len(wrong)} it was "
    f"less than half sure. The hardest digit is {hardest['digit']}, read in "
    f"{words.percent(hardest['accuracy'])} "
    f"({words.between(hardest['low'], hardest['high'])}) of its images."
)
