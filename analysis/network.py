"""A network and its training in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.summary import listed

NAMES = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "identity": "linear",
    "sgd": "plain SGD",
    "momentum": "SGD with momentum",
    "averaged_momentum": "SGD with averaged momentum",
    "nesterov": "Nesterov momentum",
    "rmsprop": "RMSProp",
    "adam": "Adam",
    "adamw": "AdamW",
}


def described(settings: Mapping[str, Any]) -> str:
    """A network and its training in words."""
    hidden = settings["hidden_size"]
    sizes = [hidden] if isinstance(hidden, int) else list(hidden)
    optimizer = NAMES.get(settings["optimizer"], settings["optimizer"])
    batch = settings["batch_size"]
    batches = "one batch of all images" if batch == "full" else f"batches of {batch}"
    patience = settings.get("patience")
    return ", ".join(
        [
            _layers(sizes, settings["activation"]),
            f"trained with {optimizer} at learning rate {settings['learning_rate']:.3g} in "
            f"{batches} for {'at most ' if patience else ''}{settings['epochs']} epochs",
            schedule(settings),
            *regularizers(settings),
        ]
    )


def schedule(settings: Mapping[str, Any]) -> str:
    """How the learning rate moves, in words."""
    followed = _followed(settings)
    rising = settings.get("warm_up_epochs")
    return f"{followed}, after a warm-up of {rising:g} epochs" if rising else followed


def regularizers(settings: Mapping[str, Any]) -> Iterator[str]:
    """What else the training does, in words, where it does."""
    shares = {
        "l2": "L2 penalty {:g}",
        "weight_decay": "weight decay {:g}",
        "dropout": "{:.0%} of hidden units dropped",
        "input_dropout": "{:.0%} of pixels dropped",
        "label_smoothing": "labels smoothed by {:g}",
        "clip": "gradients clipped at {:g}",
        "clip_norm": "gradients scaled to length {:g}",
        "patience": "stopped after {:g} epochs without a better one",
    }
    for name, words in shares.items():
        if settings.get(name):
            yield words.format(settings[name])


def _layers(sizes: Sequence[int], activation: str) -> str:
    if not sizes:
        return "no hidden layer"
    layers = "one hidden layer" if len(sizes) == 1 else f"{len(sizes)} hidden layers"
    return f"{layers} of {'-'.join(map(str, sizes))} {NAMES.get(activation, activation)} units"


def _followed(settings: Mapping[str, Any]) -> str:
    factor, every = settings["decay_factor"], settings.get("decay_every")
    match settings.get("schedule", "drops"):
        case "constant":
            return "the rate constant"
        case "steps":
            return f"the rate times {factor:g} every {every} epochs"
        case "exponential":
            return f"the rate times {factor:g} in each epoch"
        case "inverse_time":
            return f"the rate over 1 + {settings['decay_rate']:g} per epoch"
        case "cosine":
            return "the rate along half a cosine to 0"
        case "warm_restarts":
            return f"the rate along cosines to 0, the first of {every} epochs, then doubled"
    drops = [str(epoch) for epoch in settings["decay_epochs"]]
    if not drops:
        return "the rate constant"
    noun = "epoch" if len(drops) == 1 else "epochs"
    return f"the rate times {factor:g} after {noun} {listed(drops)}"
