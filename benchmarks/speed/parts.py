"""Where the seconds of encoding and decoding go: the library's own functions, timed as they run."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, NamedTuple
from unittest.mock import patch

from sidelight.bitstream.container import Container
from sidelight.codec.codec import Codec
from sidelight.entropy.coder import SymbolDecoder
from sidelight.entropy.latent_coder import LatentCoder
from sidelight.entropy.model import EntropyModel
from sidelight.nn.precision import computes_in_bf16
from sidelight.pixels.picture import Picture
from sidelight.text.reader import CaptionReader

Seconds = dict[str, float]
_Places = Mapping[str, tuple[Any, str]]


class Timed(NamedTuple):
    """One run: its result, its seconds in all and those of its parts, which add up to them."""

    result: Any
    total_s: float
    parts_s: Seconds


def precisions() -> list[str]:
    """Returns those of decoding in which this processor computes; others it would imitate."""
    return ["fp32", "bf16"] if computes_in_bf16() else ["fp32"]


def time_encode(codec: Codec, picture: Picture, quality: float) -> Timed:
    """Encodes one picture."""
    places = {
        "transform E": (type(codec.model), "analyse"),
        "hyperprior and rounding": (type(codec.model), "quantise"),
        "entropy coder": (LatentCoder, "encode"),
        "container": (Container, "pack"),
    }
    data, total, inside = _run(places, lambda: codec.encode(picture, quality=quality))
    return Timed(data, total, inside | {"padding and rest": total - sum(inside.values())})


def time_decode(codec: Codec, data: bytes, caption: str, precision: str) -> Timed:
    """Decodes one file with its caption."""
    places = {
        "entropy coder": (SymbolDecoder, "pull"),
        "hyper-synthesis": (EntropyModel, "predict"),
        "text encoder": (CaptionReader, "vectors"),
        "generator": (type(codec.model), "synthesise"),
    }
    picture, total, inside = _run(places, lambda: codec.decode(data, caption, precision=precision))
    return Timed(picture, total, inside | {"checks, crop and rest": total - sum(inside.values())})


def _run(places: _Places, work: Callable[[], Any]) -> Timed:
    with _timing(places) as seconds:
        start = time.perf_counter()
        result = work()
        return Timed(result, time.perf_counter() - start, seconds)


@contextmanager
def _timing(places: _Places) -> Iterator[Seconds]:
    """Adds up the seconds inside each function, given as its owner and name."""
    seconds = dict.fromkeys(places, 0.0)
    with ExitStack() as stack:
        for part, (owner, name) in places.items():
            function = getattr(owner, name)
            stack.enter_context(patch.object(owner, name, _adding(function, part, seconds)))
        yield seconds


def _adding(function: Callable[..., Any], part: str, seconds: Seconds) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            seconds[part] += time.perf_counter() - start

    return timed
