# %% [markdown]
# # How good is the capstone, what does it misread, and does regularizing help?
#
# A chapter ends with 784-128-64-10, ReLU, softmax, Adam at 0.001, batches of 64, 20 to 30 epochs
# with early stopping. It promises more than 95 %, about 97 %, in five to ten minutes on a CPU,
# with all of MNIST. Here are 3,000 images to train on. Then a larger network is made to overfit,
# and what is said to help is tried: L2, dropout, early stopping.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from analysis import configurations, load, pairs, words
from analysis.plots import confusion_matrix, curves, dots, sample_predictions, style
from analysis.showing import loaded, show
from pipeline import dataset
from pipeline.settings import Trainer, frozen
from pipeline.training import begin

style.use()
pd.options.display.float_format = "{:.3g}".format
COLUMNS, ROWS = 9, 4  # of misread images


# %%
study, overfit = loaded(load.study, "c7"), loaded(load.study, "c7c")
train, val = loaded(dataset.load, "train"), loaded(dataset.load, "val")
again = None not in (study, train, val)

# %% [markdown]
# ## Learning, until it stops getting better
#
# After five epochs without a better validation accuracy, training stops, and the best epoch's
# weights are kept. Every seed stops at a place of its own.


# %%
def drawn():
    """Accuracy and loss of every seed, as far as it was trained."""
    figure, axes = style.panels(2, width=13, height=4.4)
    for metric, ax in zip(("val_accuracy", "val_loss"), axes, strict=True):
        curves.draw(curves.table(study, metric, each_seed=True), ax)
    return figure


# %%
if study:
    show("Validation accuracy and loss of every seed until they stopped.", drawn)

# %%
if study:
    trials = study.trials.merge(study.timing, on="number", suffixes=("", "_"))
    names = ["seed", "epochs_trained", "epoch_kept", "val_accuracy", "seconds"]
    display(trials[names].set_index("seed"))

# %% [markdown]
# ## What it takes for what
#
# The first seed, trained once more in this notebook, on the validation images.


# %%
def retrained():
    """The first seed's network again: labels, what was predicted, and how surely."""
    variant = study.trials["variant"].iloc[0]
    settings = Trainer(**frozen(configurations.settings(study, variant)))
    mlp, state, epochs = begin(settings, train, val, int(study.trials["seed"].iloc[0]))
    return list(epochs), mlp.outputs(state.theta, np.asarray(val.X, np.float32))


# %%
if again:
    epochs, p = retrained()
    said = {"split": "val", "label": val.labels, "predicted": p.argmax(axis=1)}
    predictions = pd.DataFrame(said | {"probability": p.max(axis=1)})
    right = (predictions["label"] == predictions["predicted"]).to_numpy()
    same = "yes" if (right == study.correct[0]).all() else "no"
    display(Markdown(f"The same images right as in the study: {same}."))

# %%
if again:
    show(
        "Confusion matrix of the validation images.",
        lambda: (
            confusion_matrix.draw(
                confusion_matrix.table(predictions), style.single(8, 6.5)[1]
            ).figure
        ),
    )


# %%
def misread():
    """The surest mistakes, with what each is, what it was taken for, and how surely."""
    wrong = predictions[~right].sort_values("probability", ascending=False, kind="stable")
    shown = wrong.head(COLUMNS * ROWS)
    texts = [f"{r.label} → {r.predicted}  {100 * r.probability:.0f} %" for r in shown.itertuples()]
    return tiled(shown.index, texts, f"{len(shown)} of {len(wrong)} mistakes, the surest first")


# %%
def tiled(indices, texts, title):
    """Validation images with texts below."""
    figure, ax = style.single(11, 5.6)
    images = [255 * np.asarray(val.X[i]).reshape(28, 28) for i in indices]
    sample_predictions.tiles(images, texts, ax, columns=COLUMNS)
    return framed(figure, ax, -(-len(texts) // COLUMNS), title)


# %%
def framed(figure, ax, rows, title):
    """Fit a panel around its images."""
    ax.set(xlim=(-0.05, COLUMNS), ylim=(rows, -0.05), aspect="equal", title=title)
    ax.axis("off")
    return figure


# %%
if again:
    show("The misread validation images of which the network was surest.", misread)

# %% [markdown]
# ## Overfitting, and what is said to help
#
# 784-256-128-10 with the same optimizer, 100 epochs. The gray bar is the gap between training and
# validation accuracy. Under dropout the training accuracy is that of networks with units left out,
# which makes the gap look smaller than it is, or even negative.

# %%
if overfit:
    frame = configurations.table(overfit)
    show(
        "Training and validation accuracy for each remedy, joined by the gap.",
        lambda: dots.draw(dots.table(frame), style.single(9, 4.6)[1]).figure,
    )

# %%
Markdown(configurations.markdown(frame)) if overfit else None

# %%
if overfit:
    show(
        "Validation loss over the epochs for each remedy.",
        lambda: curves.draw(curves.table(overfit, "val_loss"), style.single(9, 5)[1]).figure,
    )


# %%
def compared():
    """What each remedy changes: accuracy, paired; the gap; and the loss at the end."""
    base, rows = frame.iloc[0], frame.iloc[1:].set_index("variant")
    change = {name: str(pairs.change(overfit, name, base["variant"])) for name in rows.index}
    gap = (rows["gap"] - base["gap"]).map(words.points)
    return pd.DataFrame({"accuracy": change, "gap": gap, "loss": losses()[rows.index]})


# %%
def losses():
    """The mean validation loss of the epochs that were kept."""
    every = overfit.trials[["number", "variant", "epoch_kept"]].merge(overfit.history)
    return every[every["epoch"] == every["epoch_kept"]].groupby("variant")["val_loss"].mean()


# %%
compared() if overfit else None

# %% [markdown]
# ## The answer

# %%
said = []
if study:
    best = configurations.table(study).iloc[0]
    reached = words.with_interval(best["val_accuracy"], best["low"], best["high"])
    verdict = "more than" if best["low"] > 0.95 else "not more than"
    seconds = study.timing["seconds"]
    said += [
        f"The capstone reaches {reached} of the validation images in {best['epochs']:.0f} epochs "
        f"and {seconds.mean():.1f} seconds, the means of {words.seeds(best['seeds'])}. On so few "
        f"training images it is {verdict} 95 %; that was promised for all of MNIST."
    ]
if again:
    pair = predictions[~right].groupby(["label", "predicted"]).size().sort_values().index[-1]
    sure = (predictions["probability"][~right] > 0.9).sum()
    said += [
        f"The first seed misreads {(~right).sum()} of {len(right):,}, most often {pair[0]} as "
        f"{pair[1]}. Of {sure} of its mistakes it is more than 90 % sure."
    ]
if overfit:
    told, none, loss = compared(), frame.iloc[0], losses()["none"]
    small = frame.loc[frame["gap"].idxmin()].replace("_", " ", regex=True)
    saved = 1 - frame.set_index("variant").loc["early_stopping", "epochs"] / none["epochs"]
    gain = [name for name in told.index if pairs.change(overfit, name, none["variant"]).low > 0]
    lines = "\n".join(
        f"- {name.replace('_', ' ')}: accuracy {row['accuracy']}; gap {row['gap']} points; "
        f"validation loss {row['loss']:.2f}"
        for name, row in told.iterrows()
    )
    said += [
        f"Without a remedy the larger network has {words.percent(none['train_accuracy'])} of the "
        f"training and {words.percent(none['val_accuracy'])} of the validation images right. "
        "Against that:",
        lines,
        f"What surely helps accuracy: {', '.join(gain).replace('_', ' ') or 'nothing of it'}. A "
        f"smaller gap is not a better network: the smallest has {small['variant']}, with "
        f"{words.percent(small['train_accuracy'])} of the training and "
        f"{words.percent(small['val_accuracy'])} of the validation images right. The validation "
        f"loss, {loss:.2f} without a remedy, ends lower with "
        f"{(told['loss'] < loss).sum()} of {len(told)}: "
        "what they change is how sure the network is of what it misreads. "
        f"Early stopping saves {words.percent(saved, 0)} of the "
        "epochs; it picks the best one by these very images, which flatters it a little.",
    ]
no_answer = "There is no answer yet: `python -m studies run c7` and `python -m studies run c7c` "
Markdown("\n\n".join(said) or no_answer + "train these networks.")
