"""One picture through one codec: coded once, decoded with each choice of captions, measured."""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, UInt8

from sidelight.errors import CodecError
from sidelight.evaluate.codecs.protocol import CodecPoint, JointCodecPoint, open_file
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.results import Row
from sidelight.evaluate.summary import NO_CAPTION_READ
from sidelight.metrics.protocol import FeatureExtractor, PictureMetric, Sample


class Task(NamedTuple):
    """One picture at one setting of one codec; ``captions`` are choices of ``GIVEN``."""

    point: CodecPoint
    picture: int
    captions: tuple[str, ...]


class Measured(NamedTuple):
    """What a task gives: its rows, the coded file, and features by extractor and captions."""

    rows: list[Row]
    data: bytes
    features: dict[tuple[str, str], Float32[np.ndarray, "n f"]]


def tasks_of(
    points: Iterable[CodecPoint], num_pictures: int, captions: Sequence[str]
) -> list[Task]:
    """Returns every picture at every point.

    A picture's points follow each other, for metrics that keep what they made of the original.
    """
    given = [(point, captions_for(point, captions)) for point in points]
    return [Task(point, k, texts) for k in range(num_pictures) for point, texts in given]


def captions_for(point: CodecPoint, captions: Sequence[str]) -> tuple[str, ...]:
    """Returns with what a point decodes; a codec that reads no text decodes once."""
    if not point.reads_text:
        return (NO_CAPTION_READ,)
    if isinstance(point, JointCodecPoint):
        return tuple(c for c in captions if c == "right")  # no other could open the file
    return tuple(captions)


def measure(
    task: Task,
    dataset: Dataset,
    metrics: Sequence[PictureMetric],
    extractors: Sequence[FeatureExtractor],
) -> Measured:
    """Returns what one task gives.

    Raises:
        CodecError: The codec failed, or gave a picture of another size; the message names it.
    """
    point, picture = task.point, dataset.pictures[task.picture]
    image = dataset.image(task.picture)
    where = f"{picture.name}, {point.codec} {point.setting}"
    try:
        if isinstance(point, JointCodecPoint):
            point = point.told(dataset.given(task.picture, "right"))
        start = time.perf_counter()
        data = point.encode(image)
        encode_s = time.perf_counter() - start
        rows: list[Row] = []
        features: dict[tuple[str, str], np.ndarray] = {}
        start = time.perf_counter()
        decode = open_file(point, data)
        open_s = time.perf_counter() - start
        for captions in task.captions:
            text = "" if captions == NO_CAPTION_READ else dataset.given(task.picture, captions)
            start = time.perf_counter()
            decoded = decode(text)
            decode_s = open_s + time.perf_counter() - start  # as for one caption alone
            _check_size(image, decoded)
            scored = "right" if captions == NO_CAPTION_READ else captions
            own = dataset.scored(task.picture, scored) if picture.captions else ()
            sample = Sample(image, decoded, own)
            rows.append(
                Row(
                    codec=point.codec,
                    setting=point.setting,
                    captions=captions,
                    image=picture.name,
                    width=image.shape[1],
                    height=image.shape[0],
                    bytes=len(data),
                    caption_bytes=len(text.encode()),
                    encode_s=encode_s,
                    decode_s=decode_s,
                    metrics={metric.name: metric(sample) for metric in metrics},
                )
            )
            features |= {(e.name, captions): e(decoded) for e in extractors}
    except CodecError as error:
        raise type(error)(f"{where}: {error}") from error
    return Measured(rows, data, features)


def _check_size(image: UInt8[np.ndarray, "h w 3"], decoded: UInt8[np.ndarray, "_ _ 3"]) -> None:
    if decoded.shape != image.shape:
        raise CodecError(f"decoded to {decoded.shape}, expected {image.shape}")
