"""The integer latents of a picture to words of the entropy coder and back (docs/format.md)."""

import math
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sidelight.bitstream.quality import HYPER_STRIDE
from sidelight.entropy.coder import CodingTables, SymbolDecoder, SymbolEncoder
from sidelight.entropy.latents import Front, Latents, Prediction
from sidelight.entropy.model import EntropyModel
from sidelight.entropy.tables import FREQUENCY_TOTAL, SymbolTables
from sidelight.errors import CorruptBitstreamError, ModelMismatchError

_BITS_PER_BYTE = 8
_SLACK_BYTES = 8
"""How far the range coder's words may stay below the information they carry; it is four."""
_ROUNDING = 2.0**-21
"""More than the coder's fixed-point model adds to a probability."""


class CodedLatents(NamedTuple):
    """Words of the entropy coder, and the CRC-32 of the integers that they stand for."""

    payload: bytes
    crc: int


class LatentCoder:
    """Codes the latents of one model."""

    def __init__(self, model: EntropyModel) -> None:
        self._model = model
        self._hyper_tables = CodingTables(model.hyper_tables)
        self._latent_tables = CodingTables(model.latent_tables)
        self._least_hyper_bits = least_bits(model.hyper_tables)

    def encode(self, latents: Latents) -> CodedLatents:
        """Returns the coded integers of one picture."""
        z_symbols = latents.z_symbols[0]
        encoder = SymbolEncoder()
        encoder.push(z_symbols, _channel_index(z_symbols.shape), self._hyper_tables)
        y_symbols, index = latents.y_symbols[0], latents.prediction.index[0]
        for rows, columns in self._model.fronts(*y_symbols.shape[1:]):
            encoder.push(y_symbols[:, rows, columns], index[:, rows, columns], self._latent_tables)
        return CodedLatents(encoder.finish(), _crc(latents))

    def decode(
        self, coded: Sequence[CodedLatents], *, height: int, width: int, step: int
    ) -> Latents:
        """Returns the integers of pictures of one padded size and one quality step.

        Raises:
            CorruptBitstreamError: The words are damaged, or too few for the picture's size.
            ModelMismatchError: This machine came to other integers than the encoder's.
        """
        shape = (len(self._hyper_tables), height // HYPER_STRIDE, width // HYPER_STRIDE)
        for one in coded:
            self._check_length(one.payload, height, width)
        decoders = [SymbolDecoder(one.payload) for one in coded]
        z_symbols = np.stack(
            [decoder.pull(_channel_index(shape), self._hyper_tables) for decoder in decoders]
        )

        def settle(_: Front, prediction: Prediction) -> np.ndarray:
            pulled = [
                decoder.pull(index, self._latent_tables)
                for decoder, index in zip(decoders, prediction.index, strict=True)
            ]
            return pulled[0][None] if len(pulled) == 1 else np.stack(pulled)

        latents = self._model.latents(z_symbols, step, settle)
        for k, (decoder, one) in enumerate(zip(decoders, coded, strict=True)):
            decoder.finish()
            if (crc := _crc(latents, k)) != one.crc:
                raise ModelMismatchError(
                    f"latents have CRC {crc:08x}, the file says {one.crc:08x}: this machine "
                    "computed other integers than the encoder; please report it"
                )
        return latents

    def _check_length(self, payload: bytes, height: int, width: int) -> None:
        # the coder reads zeros after its last word, so a file of 33 bytes could ask for minutes
        # and gigabytes; the hyper-latent alone sets a bound that no honest file falls below
        bits = height * width / HYPER_STRIDE**2 * self._least_hyper_bits
        least_bytes = math.ceil(bits / _BITS_PER_BYTE) - _SLACK_BYTES
        if len(payload) < least_bytes:
            raise CorruptBitstreamError(
                f"latents have {len(payload)} bytes, a picture of {width}x{height} px (padded) "
                f"takes at least {least_bytes}"
            )


def least_bits(tables: SymbolTables) -> float:
    """Returns the fewest bits that one symbol of each table can take together."""
    likeliest = [int(tables.table(k).max()) / FREQUENCY_TOTAL for k in range(len(tables))]
    return -sum(math.log2(share + _ROUNDING) for share in likeliest)


def _channel_index(shape: tuple[int, ...]) -> np.ndarray:
    """Returns, for every hyper-latent, the number of its channel's table."""
    return np.broadcast_to(np.arange(shape[0], dtype=np.uint16)[:, None, None], shape)


def _crc(latents: Latents, k: int = 0) -> int:
    """Returns the CRC-32 over z and then y_hat of picture ``k``, as little-endian int32."""
    crc = zlib.crc32(latents.z_symbols[k].astype("<i4").tobytes())
    for y_hat in latents.of(k).fixed_points():
        crc = zlib.crc32(y_hat.astype("<i4").tobytes(), crc)
    return crc
