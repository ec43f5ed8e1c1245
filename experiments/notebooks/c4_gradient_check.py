# %% [markdown]
# # Is every gradient right, and how would we know?
#
# Backpropagation is easy to get slightly wrong, and a network with a slightly wrong gradient often
# still learns, only worse. The definition of a derivative is slow but hard to get wrong: move one
# parameter a little both ways and see what the loss does, (loss(+h) − loss(−h)) / 2h. For each
# parameter array, ‖a − n‖ / (‖a‖ + ‖n‖) compares the analytic gradient a with the numerical n.

# %%
# %matplotlib inline
from itertools import product

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis.plots import style
from analysis.plots.primer import errors
from analysis.plots.primer.activation import called
from pipeline.gradient_table import OUTPUTS
from pipeline.nn.activations import ACTIVATIONS
from pipeline.nn.gradcheck import STEP, TOLERANCE, check, relative_error
from pipeline.nn.mlp import MLP

style.use()
pd.options.display.float_format = "{:.1e}".format
WIDTHS = (4, 5, 3, 2)


# %%
def show(figure, text):
    """Show a figure, with words for those who cannot see it."""
    display(figure, metadata={"image/png": {"alt": text}})


# %% [markdown]
# ## Every activation with every loss
#
# Networks of 4 inputs, hidden layers of 5 and 3 units and 2 outputs, on random inputs, in float64.
# W1 and b1 are the first layer's.

# %%
kinds = list(product(ACTIVATIONS, OUTPUTS))
found = [check(MLP(WIDTHS, activation, *pair)) for activation, pair in kinds]
rows = pd.DataFrame([each.errors for each in found])
rows.insert(0, "activation", [called(activation) for activation, _ in kinds])
rows.insert(1, "output", [output for _, (output, _) in kinds])
rows.insert(2, "loss", [loss.replace("_", " ") for _, (_, loss) in kinds])
rows.set_index(["activation", "output", "loss"])

# %%
figure, ax = style.single(8, 4.5)
errors.draw(rows, ax, tolerance=TOLERANCE)
show(figure, "Relative errors of all arrays by activation, all left of the tolerance.")

# %% [markdown]
# ## How small a step?
#
# A central difference leaves out terms of h², so a smaller h is better; but the loss has only 16
# digits, and the difference of two numbers nearly alike loses them, so a smaller h is worse.
# Here is one network, and one random direction in which all parameters move at once.

# %%
rng = np.random.default_rng(0)
mlp = MLP(WIDTHS, "tanh")
theta, direction = mlp.initial(rng, np.float64), rng.standard_normal(mlp.size)
X, Y = rng.standard_normal((8, WIDTHS[0])), np.eye(2)[rng.integers(2, size=8)]
slope = float(mlp.gradient(theta, X, Y)[1] @ direction)


# %%
def error_at(h):
    """The relative error of a central difference with step h along the direction."""
    above, below = (mlp.gradient(theta + s * h * direction, X, Y)[0] for s in (1, -1))
    return relative_error(np.array([slope]), np.array([(above - below) / (2 * h)]))


# %%
sizes = 10.0 ** np.arange(-12, 0)
apart = [error_at(h) for h in sizes]
figure, ax = style.single(8, 4.5)
errors.draw_steps(sizes, apart, ax, chosen=STEP)
show(figure, "The error falls with h down to about 1e-5 and rises again below it.")

# %% [markdown]
# ## Would it notice?
#
# A check that passes everything is worth nothing. So here are gradients that are wrong on purpose,
# each in one line of the backward pass, and what the check says of them.


# %%
class SlightlyTooLong(MLP):
    """Its gradient is 0.1 % too long."""

    def backward(self, theta, X, delta, layers, grad):
        super().backward(theta, X, delta * 1.001, layers, grad)


# %%
class WithoutItsDerivative(MLP):
    """Forgets to multiply the error by the derivative of tanh."""

    def backward(self, theta, X, delta, layers, grad):
        linear = MLP(self.widths, "identity")
        linear.backward(theta, X, delta, layers, grad)


# %%
class SummedNotAveraged(MLP):
    """Forgets to divide by the number of examples."""

    def backward(self, theta, X, delta, layers, grad):
        super().backward(theta, X, delta * len(X), layers, grad)


# %%
WRONG = [SlightlyTooLong, WithoutItsDerivative, SummedNotAveraged]
caught = pd.DataFrame({kind.__doc__: check(kind(WIDTHS, "tanh")).errors for kind in WRONG}).T
caught

# %% [markdown]
# A missing derivative spares the last layer, W3 and b3, because nothing has gone through it
# there yet: the array that is right says where to look.

# %% [markdown]
# ## The answer

# %%
arrays = rows.select_dtypes("number")
place = rows.loc[arrays.max(axis=1).idxmax()]
best = sizes[int(np.argmin(apart))]
passed = sum(each.passed for each in found)
seen = int((caught.max(axis=1) >= TOLERANCE).sum())
Markdown(
    f"{passed} of {len(found)} networks pass: of {arrays.size} arrays the worst is "
    f"{arrays.max().max():.1e}, with {place['activation']} and {place['loss']}, against a "
    f"tolerance of {TOLERANCE:.0e}. The best step on one network was {best:.0e}, the check takes "
    f"{STEP:.0e}. And it does notice: {seen} of {len(caught)} wrong gradients are caught, even "
    f"one that is 0.1 % too long, at {caught.loc[SlightlyTooLong.__doc__].max():.1e}."
)
