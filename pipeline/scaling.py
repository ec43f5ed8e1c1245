"""Which of the prepared images a training takes, and how it scales their pixels."""

from dataclasses import dataclass

import numpy as np

from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.settings import Trainer

BRIGHTEST = 255  # of a raw pixel


@dataclass(frozen=True)
class Scaling:
    """A prepared pixel x enters the network as (x - offset) / scale; offset and scale (d,)."""

    offset: FloatArray
    scale: FloatArray

    def of(self, X: FloatArray) -> FloatArray:
        """The images X (n, d) as they enter the network; X itself where nothing changes."""
        if not self.offset.any() and (self.scale == 1).all():
            return X
        scaled: FloatArray = (X - self.offset) / self.scale
        return scaled

    def examples(self, prepared: Examples) -> Examples:
        """The examples with their images as they enter the network."""
        return prepared._replace(X=self.of(prepared.X))


def taken(settings: Trainer, train: Examples) -> Examples:
    """The images to train on: the first `train_images`, or all."""
    n = settings.train_images
    return Examples(train.X[:n], train.Y[:n], train.labels[:n])


def scaling(settings: Trainer, train: Examples) -> Scaling:
    """How the pixels of any images are scaled, fitted to the training images that are taken.

    `raw` is 255 times what is prepared as unit pixels; `standardized` has mean 0 and deviation 1
    for each pixel, and divides one that never changes by 1.
    """
    d = train.X.shape[1]
    offset, scale = np.zeros(d, np.float32), np.ones(d, np.float32)
    if settings.pixels == "raw":
        scale /= BRIGHTEST
    elif settings.pixels == "standardized":
        images = taken(settings, train).X
        offset[:] = images.mean(axis=0, dtype=np.float64)
        deviation = images.std(axis=0, dtype=np.float64)
        scale[:] = np.where(deviation == 0, 1, deviation)
    return Scaling(offset, scale)
