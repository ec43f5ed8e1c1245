# %% [markdown]
# # Does the network compute what pencil and paper do?
#
# A network small enough to be worked out by hand: two inputs, three hidden units with ReLU, one
# output with a sigmoid. First forward, from inputs to output; then backward, from the error to the
# gradient of every weight. At each stop the number on paper stands beside the trainer's own.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis.plots import style
from analysis.plots.primer import graph
from pipeline.nn.mlp import MLP

style.use()
pd.options.display.float_format = "{:.6f}".format
mlp = MLP((2, 3, 1), activation="relu", output="sigmoid", loss="cross_entropy")
theta = np.zeros(mlp.size)
parts = mlp.windows(theta)
parts.W[0][...] = np.transpose([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])  # on paper a row is a unit
parts.W[1][...] = [[0.7], [0.8], [0.9]]
parts.b[0][...], parts.b[1][...] = [0.1, 0.2, 0.3], 0.4
X, Y = np.array([[1.0, 2.0]]), np.array([[1.0]])


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %%
def beside(on_paper, computed, names):
    """A table of numbers on paper and of the trainer's, with their difference."""
    frame = pd.DataFrame({"on paper": on_paper, "computed": np.ravel(computed)}, index=names)
    return frame.assign(difference=(frame["computed"] - frame["on paper"]).map("{:.0e}".format))


# %% [markdown]
# ## Forward
#
# Each hidden unit adds up its weighted inputs and its bias. All three sums are above 0, so ReLU
# lets them through:
#
# - unit 1: 0.1 · 1 + 0.2 · 2 + 0.1 = **0.6**
# - unit 2: 0.3 · 1 + 0.4 · 2 + 0.2 = **1.3**
# - unit 3: 0.5 · 1 + 0.6 · 2 + 0.3 = **2.0**
#
# The output adds up theirs, 0.7 · 0.6 + 0.8 · 1.3 + 0.9 · 2.0 + 0.4 = **3.66**, and the sigmoid
# makes it a probability: 1 / (1 + exp(−3.66)) = 1 / 1.025733 = **0.974913**.

# %%
layers = mlp.layers(1, np.float64)
logit = mlp.forward(parts, X, layers).copy()
p = mlp.outputs(theta, X)
computed = np.concatenate([layers.a[0][0], logit[0], p[0]])
names = ["hidden unit 1", "hidden unit 2", "hidden unit 3", "logit", "probability"]
forward = beside([0.6, 1.3, 2.0, 3.66, 1 / (1 + np.exp(-3.66))], computed, names)
forward

# %%
figure, ax = style.single(8, 4)
graph.draw(graph.table([X[0], layers.a[0][0], p[0]], parts.W, parts.b), ax)
ax.set_title("x = (1, 2): values in the nodes, weights on the lines, biases below the nodes")
show(figure, "The network with inputs 1 and 2, hidden units 0.6, 1.3 and 2, output 0.9749.")

# %% [markdown]
# ## Backward
#
# Let the target be 1. The loss is −log 0.974913 = **0.025407**. With sigmoid and cross-entropy
# the error of the output is p − y = **−0.025087**. From there on the chain rule is products:
#
# - a weight into the output: its hidden unit times the error, as 0.6 · (−0.025087) = −0.015052;
# - a hidden unit's error: the output's error times the weight between, as 0.7 · (−0.025087) =
#   −0.017561, and nothing where ReLU has cut;
# - a weight into a hidden unit: its input times that unit's error.

# %%
error = 1 / (1 + np.exp(-3.66)) - 1
loss, grad = mlp.gradient(theta, X, Y)
d = mlp.windows(grad)
names = ["W2, unit 1", "W2, unit 2", "W2, unit 3", "b2", "b1, unit 1", "b1, unit 2", "b1, unit 3"]
on_paper = [0.6 * error, 1.3 * error, 2 * error, error, 0.7 * error, 0.8 * error, 0.9 * error]
backward = beside(on_paper, np.concatenate([d.W[1][:, 0], d.b[1], d.b[0]]), names)
backward

# %% [markdown]
# The second input is twice the first, so the second row of the first layer's gradient is twice
# the first row:

# %%
first_layer = error * np.array([[0.7, 0.8, 0.9], [1.4, 1.6, 1.8]])
names = [f"x{i}, unit {j}" for i in (1, 2) for j in (1, 2, 3)]
deep = beside(first_layer.ravel(), d.W[0], names)
deep

# %% [markdown]
# ## A unit that is cut
#
# With x = (−4, 2) and target 0 the sums are 0.1, −0.2 and −0.5: ReLU cuts two of the three, and
# their weights get no gradient. Whatever they do makes no difference to this example.

# %%
cut = np.array([[-4.0, 2.0]])
mlp.forward(parts, cut, layers)
hidden = layers.a[0][0].copy()
slopes = mlp.windows(mlp.gradient(theta, cut, np.array([[0.0]]))[1])
pd.DataFrame(
    {"activation": hidden, "gradient of b1": slopes.b[0], "gradient of W2": slopes.W[1][:, 0]},
    index=["unit 1", "unit 2", "unit 3"],
)

# %%
figure, ax = style.single(8, 4)
outputs = mlp.outputs(theta, cut)[0]
graph.draw(graph.table([cut[0], hidden, outputs], parts.W, parts.b), ax)
ax.set_title("x = (−4, 2): two hidden units are cut to 0")
show(figure, "The network with inputs -4 and 2: hidden units 0.1, 0 and 0, output 0.6154.")

# %% [markdown]
# ## One step downhill
#
# A step of gradient descent at learning rate 0.1 must lower the loss, by about 0.1 times the
# squared length of the gradient.

# %%
lower, _ = mlp.gradient(theta - 0.1 * grad, X, Y)
expected = 0.1 * float(grad @ grad)
Markdown(f"From {loss:.6f} to {lower:.6f}: {loss - lower:.6f} less, {expected:.6f} expected.")

# %% [markdown]
# ## The answer

# %%
tables = pd.concat([forward, backward, deep])
apart = (tables["computed"] - tables["on paper"]).abs().max()
dead = int((slopes.b[0] == 0).sum())
verdict = "Yes: as near as 16 digits can be" if apart < 1e-14 else "No: that is more than rounding"
Markdown(
    f"{verdict}. {len(tables)} numbers are within {apart:.0e} of those on paper. For x = (1, 2) "
    f"the network says {p[0, 0]:.4f}, with a loss of {loss:.4f} if the target is 1. For "
    f"x = (−4, 2) {dead} of 3 hidden units are cut, say nothing and learn nothing. A step against "
    f"the gradient lowers the loss by {loss - lower:.6f}, where its slope promises {expected:.6f}."
)
