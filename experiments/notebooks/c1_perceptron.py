# %% [markdown]
# # What can one unit learn, and what can it never learn?
#
# A perceptron adds up its weighted inputs and a bias, z = w · x + b, and says 1 if z ≥ 0, else 0.
# It learns from mistakes alone: if it says 0 and should say 1, the example is added to the
# weights; if it says 1 and should say 0, it is taken away (Rosenblatt, 1958). Here it learns the
# gates AND, OR, NOT, NAND and XOR from their truth tables.

# %%
# %matplotlib inline
from itertools import islice

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import words
from analysis.plots import style
from analysis.plots.primer import boundary, updates
from pipeline.primer import perceptron

style.use()
pd.options.display.float_format = "{:g}".format
GATES, EPOCHS = perceptron.TRUTH_TABLES, 100


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %%
def written(vector):
    """A vector as people write it, as (0, 1)."""
    return f"({', '.join(f'{number:g}' for number in vector)})"


# %% [markdown]
# ## Two epochs by hand
#
# Three examples, weights and bias 0 at the start, so that z = 0 for the first one and the unit
# says yes, 1. Follow each line with pencil and paper; w and b are those after the line.

# %%
X, labels = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([1, 1, 0])
walk = list(islice(perceptron.steps(X, labels), 6))
by_hand = pd.DataFrame([vars(step) for step in walk]).set_index("epoch")
by_hand["update"] = np.where(by_hand["label"] == by_hand["predicted"], "", "yes")
for name in ("x", "w"):
    by_hand[name] = by_hand[name].map(written)
by_hand[["x", "label", "z", "predicted", "update", "w", "b"]]

# %%
learned = list(perceptron.learn(X, labels, EPOCHS))
by_epoch = [epoch.updates for epoch in learned]
Markdown(
    f"Updates epoch by epoch: {', '.join(map(str, by_epoch))}. Epoch {len(learned)} is the "
    f"first without one: w = {written(learned[-1].w)}, b = {learned[-1].b:g} has all three right."
)

# %% [markdown]
# ## The gates
#
# If an epoch passes without an update, every example was right with the same weights, and nothing
# will change any more.

# %%
runs = {gate: list(perceptron.learn(*table, EPOCHS)) for gate, table in GATES.items()}
frame = updates.table({gate: [epoch.updates for epoch in run] for gate, run in runs.items()})
figure, ax = style.single(8, 4)
updates.draw(frame[frame["epoch"] <= 10], ax)
show(figure, "Updates in each epoch: AND, OR, NOT and NAND come to 0, XOR stays at 4.")

# %% [markdown]
# ## What it has learned, as a line
#
# The boundary z = 0 is a line across the plane of the two inputs. NOT has one input only: its
# boundary is a point, and the table below has it. On the line counts as 1. Black rings mark
# examples on the wrong side.


# %%
def drawn(gate):
    """The boundary of the weights that a gate's run ended with."""
    last = runs[gate][-1]
    return boundary.table(*GATES[gate], lambda at: at @ last.w + last.b, level=0.0)


# %%
frames = {gate: drawn(gate) for gate in ("AND", "OR", "NAND", "XOR")}
figure = boundary.grid(frames, 4, shades=2)
show(figure, "Lines that separate the corners of AND, OR and NAND, and one that fails at XOR.")

# %% [markdown]
# ## How many updates can it take?
#
# If some line separates the examples, the number of updates is at most (R / γ)², whatever the
# order of the examples: R is the length of the longest example, γ the distance of the nearest one
# from that line, both counted with the bias as one more input (Novikoff, 1962). The widest
# margin gives the tightest bound; these are the weights that have it.

# %%
WIDEST = {"AND": ([2, 2], -3), "OR": ([2, 2], -1), "NOT": ([-2], 1), "NAND": ([-2, -2], 3)}
separable = pd.DataFrame(
    {
        "epochs": {gate: len(runs[gate]) for gate in WIDEST},
        "updates": {gate: sum(epoch.updates for epoch in runs[gate]) for gate in WIDEST},
        "at most": {
            gate: round(perceptron.bound(*GATES[gate], np.array(w, float), b))
            for gate, (w, b) in WIDEST.items()
        },
        "weights": {
            gate: f"w = {written(runs[gate][-1].w)}, b = {runs[gate][-1].b:g}" for gate in WIDEST
        },
    }
)
separable

# %% [markdown]
# ## Why XOR never ends
#
# XOR wants b < 0, w₁ + b ≥ 0, w₂ + b ≥ 0 and w₁ + w₂ + b < 0. The two in the middle add up to
# w₁ + w₂ + 2b ≥ 0, the outer two to w₁ + w₂ + 2b < 0: no weights do both (Minsky & Papert, 1969).
# The rule goes round in a circle instead: weights that were there before come back, and then all
# that followed them does too.

# %%
states = [(*epoch.w, epoch.b) for epoch in runs["XOR"]]
back = next(i for i, state in enumerate(states) if state in states[:i])
before = states.index(states[back])
Markdown(
    f"XOR's weights after epoch {back + 1} are those after epoch {before + 1}: "
    f"w = {written(runs['XOR'][back].w)}, b = {runs['XOR'][back].b:g}. So its updates, "
    f"{runs['XOR'][-1].updates} in an epoch, never end."
)

# %% [markdown]
# ## The answer

# %%
done = {gate: len(run) for gate, run in runs.items() if run[-1].updates == 0}
never = [gate for gate in GATES if gate not in done]
fewest = min(epoch.updates for epoch in runs[never[0]])
Markdown(
    f"One unit learns what one line can separate: {', '.join(done)} came to an epoch without "
    f"updates after {', '.join(map(str, done.values()))} epochs, always within Novikoff's bound "
    f"(at most {words.percent((separable['updates'] / separable['at most']).max(), 0)} of it). "
    f"{' and '.join(never)} did not in {EPOCHS} epochs, had never fewer than {fewest} updates in "
    f"one, and repeats itself from epoch {before + 1} on. It takes a hidden layer."
)
