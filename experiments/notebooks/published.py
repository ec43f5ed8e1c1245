# %% [markdown]
# # What holds of what five write-ups published?
#
# Five write-ups of small networks on MNIST, A to E, are where this project comes from. Each made
# claims. Here every figure stands beside ours, measured again with several seeds and an interval:
# what agrees, what does not and why, what was mistaken, and what these images cannot decide.

# %%
# %matplotlib inline
from IPython.display import Markdown, display

from analysis import published, summary
from analysis.plots import published as picture
from analysis.plots import style
from analysis.showing import show
from pipeline.errors import UserError

style.use()
nothing = ""
try:
    frame = published.read()
except UserError as missing:
    nothing = f"There is nothing to compare yet: {missing}."
    frame = published.table([], published.REPORTS, {})
    display(Markdown(nothing))
frame = frame.assign(status=published.status(frame))
counts = frame["status"].value_counts()


# %%
def told(status):
    """The rows of a status, one a line: published, ours, and why where it is known."""
    rows = frame[frame["status"] == status]
    lines = [f"- {published.line(row)}" for row in rows.to_dict("records")]
    display(Markdown("\n".join(lines) or "None."))


# %% [markdown]
# ## In numbers

# %%
rows = [f"| {says} | {counts.get(kind, 0)} |" for kind, says in published.STATUS.items()]
Markdown("\n".join(["| of the figures | number |", "|---|--:|", *rows]))

# %% [markdown]
# ## In a picture
#
# Grey bars are what was published, a range or one figure; dots are ours. Hollow dots were trained
# on fewer images than the write-up had: they are shown and not judged.

# %%
drawn = picture.table(frame)
text = f"Published accuracies as bars beside ours as dots: {picture.title(drawn)}."
show(text, lambda: picture.figure(drawn))

# %% [markdown]
# ## What agrees

# %%
told("within")

# %% [markdown]
# ## What does not
#
# Higher here than published:

# %%
told("above")

# %% [markdown]
# Lower here than published:

# %%
told("below")

# %% [markdown]
# ## What was mistaken, and is shown to be
#
# - The number of weights of A's network: 784 · 128 + 128 · 10, counted here.
# - A1 and A2 publish different accuracies of one and the same network; no training accuracy lies
#   in both ranges.
# - A2 changed three things at once: the pixels' scale, the weights' and the rate, which falls from
#   half as much. The rows with "alone" change one of them, beside the row with "none".
# - PyTorch beside NumPy (A1): the number of updates was blamed. The loss differs, too: squared
#   error, divided by the ten outputs, goes back through the sigmoid's slope. The rows on PyTorch
#   with NumPy's loss show what the loss does. See [a_beside_pytorch](a_beside_pytorch.html).
# - SGD against Adam (E): the code divides the gradient by the batch size twice, and its Adam
#   forgets. Both are replayed with and without. See [e_defects](e_defects.html).
# - The full batch (D) was said not to get there: an epoch of it is one update. With as many
#   updates as mini-batches it gets as far. See [d_batches](d_batches.html).
# - The first step of B: a gradient check catches it before any training. Its fifth, a rate said to
#   be too high, does not fail here. See [b_iteration_history](b_iteration_history.html).

# %%
ours_alone = (frame["id"] == "A1") & (frame["status"] == "ours")
mistaken = frame[ours_alone | frame["id"].isin(["A2", "A5", "E"]) & frame["ours"].notna()]
Markdown("\n".join(f"- {published.line(row)}" for row in mistaken.to_dict("records")) or "None.")

# %% [markdown]
# ## What takes all of MNIST
#
# B, C7 and D had up to 60,000 training images, E 20,000 of them. With fewer, one expects more on
# the training images and less on others: that says nothing about their figures.

# %%
told("full")

# %% [markdown]
# ## The whole table

# %%
Markdown(published.markdown(frame))

# %% [markdown]
# ## Where to read on
#
# | id | what | notebook |
# |---|---|---|
# | A1 to A5 | NumPy beside PyTorch | [a_beside_pytorch](a_beside_pytorch.html) |
# | B | from a broken network to a good one | [b_iteration_history](b_iteration_history.html) |
# | C1 | perceptron | [c1_perceptron](c1_perceptron.html) |
# | C2 | activations | [c2_activations](c2_activations.html) |
# | C3 | forward pass by hand | [c3_forward_by_hand](c3_forward_by_hand.html) |
# | C4 | gradient check | [c4_gradient_check](c4_gradient_check.html) |
# | C5 | depth and width | [c5_depth_and_width](c5_depth_and_width.html) |
# | C6 | optimizers | [c6_paths](c6_paths.html), [c6_optimizers](c6_optimizers.html) |
# | C6c | the tuning experiment | [c6c_tuning](c6c_tuning.html) |
# | C6d | schedules | [c6d_schedules](c6d_schedules.html) |
# | C6e | initializers | [c6e_initializers](c6e_initializers.html) |
# | C7, C7c | capstone and overfitting | [c7_capstone](c7_capstone.html) |
# | D | batch against mini-batch | [d_batches](d_batches.html) |
# | E | SGD against Adam | [e_defects](e_defects.html) |

# %% [markdown]
# ## The answer

# %%
within, above, below = (int(counts.get(kind, 0)) for kind in ("within", "above", "below"))
off = frame[frame["status"].isin(["above", "below"])]
where = summary.listed([f"{id_} ({n})" for id_, n in off["id"].value_counts(sort=False).items()])
Markdown(
    nothing
    or f"Of {len(frame)} figures {within + above + below} can be judged on these images: {within} "
    f"agree with what was published, {above} are above it and {below} below. What differs belongs "
    f"to {where or 'none'}. {counts.get('full', 0)} more take all of MNIST; for "
    f"{counts.get('ours', 0)} nothing was published, and ours stands alone; of "
    f"{counts.get('missing', 0)} there is no figure of ours."
)
