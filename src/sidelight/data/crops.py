"""Draws random crops with one of their captions, reproducibly, from pictures held in memory."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sidelight.data.shards import CaptionedImage

_HANDED = re.compile(r"\b(left|right)\b", re.IGNORECASE)


class CropBatch(NamedTuple):
    """Crops, uint8 (b, 3, s, s), with which picture and which of its captions each has."""

    images: np.ndarray
    picture_ids: np.ndarray
    caption_ids: np.ndarray


class CropSampler:
    """Picks pictures in proportion to their area, so that every pixel is as likely.

    A crop is mirrored half of the time, unless its caption speaks of left or right (spec C13).
    """

    def __init__(self, pictures: Sequence[CaptionedImage], *, seed: int) -> None:
        self.pictures = pictures
        self.random = np.random.default_rng(seed)
        areas = np.array([p.image.shape[0] * p.image.shape[1] for p in pictures], np.float64)
        self._cumulative = np.cumsum(areas / areas.sum())

    def draw(self, batch: int, size: int) -> CropBatch:
        """Returns ``batch`` square crops; pictures smaller than ``size`` are edge-padded."""
        picked = np.searchsorted(self._cumulative, self.random.random(batch) * self._cumulative[-1])
        images = np.empty((batch, 3, size, size), np.uint8)
        caption_ids = np.empty(batch, np.int64)
        for row, k in enumerate(picked):
            picture = self.pictures[k]
            caption_ids[row] = self.random.integers(len(picture.captions))
            crop = self._crop(picture.image, size)
            handed = _HANDED.search(picture.captions[caption_ids[row]])
            if self.random.random() < 0.5 and not handed:
                crop = crop[:, ::-1]
            images[row] = crop.transpose(2, 0, 1)
        return CropBatch(images, picked, caption_ids)

    def _crop(self, image: np.ndarray, size: int) -> np.ndarray:
        height, width = image.shape[:2]
        if height < size or width < size:
            missing = ((0, max(size - height, 0)), (0, max(size - width, 0)), (0, 0))
            image = np.pad(image, missing, mode="edge")
            height, width = image.shape[:2]
        top = self.random.integers(height - size + 1)
        left = self.random.integers(width - size + 1)
        return image[top : top + size, left : left + size]
