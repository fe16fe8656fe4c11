"""What runs a model's float networks: numpy in, numpy out, by onnxruntime or by torch.

Axes: b batch, c latent channels, n hyper channels, h and w picture height and width, t text.
"""

from typing import Protocol

import numpy as np

from sidelight.entropy.latents import Latents
from sidelight.entropy.model import EntropyModel
from sidelight.errors import ConfigError

PRECISIONS = ("auto", "fp32", "bf16")


class ModelShape(Protocol):
    """What is known of a model beside its networks."""

    @property
    def name(self) -> str:
        """The model's."""

    @property
    def text_width(self) -> int:
        """Length of a caption's vector."""

    @property
    def reads_text(self) -> bool:
        """Whether a caption changes what is decoded."""


class CarrierShape(ModelShape, Protocol):
    """What is known of a carrier generator."""

    @property
    def default_realism(self) -> float:
        """Place of the dial where the user names none."""

    @property
    def stride(self) -> int:
        """Both sides of a picture are padded to multiples of it."""

    @property
    def grain(self) -> bool:
        """Whether it reads noise (runtime/noise.py) beside the picture."""


class CodecShape(ModelShape, Protocol):
    """What is known of a codec of .slt files."""

    @property
    def num_levels(self) -> int:
        """Trained rate points."""


class CodecNetworks(Protocol):
    """A codec of .slt files: float transforms around integers."""

    frozen: EntropyModel
    """What decides the integers and their bits."""
    encoder_reads_text: bool
    """Whether files are made with the caption, so that none can be read without it."""

    @property
    def config(self) -> CodecShape:
        """What is known of it."""

    def told(self, text: np.ndarray) -> "CodecNetworks":
        """Returns the model, with shared weights, as it codes pictures of this caption (1, t).

        Only a codec whose encoder reads the text needs it.
        """

    def analyse(self, pictures: np.ndarray) -> np.ndarray:
        """Returns the latent y before any gain, the same for every quality.

        Args:
            pictures: uint8 (b, h, w, 3); h and w are padded to multiples of 64.

        Returns:
            float32 (b, c, h/16, w/16).
        """

    def quantise(self, y: np.ndarray, step: int) -> Latents:
        """Returns the integers of y for one quality step."""

    def hyper_analyse(self, y: np.ndarray) -> np.ndarray:
        """Returns the hyper-latent z before its gain, float32 (b, n, h/64, w/64), of y after it."""

    def dequantise(self, latents: Latents, step: int) -> np.ndarray:
        """Returns y_hat, float32 (b, c, h/16, w/16), in the range that the generator reads."""

    def synthesise(
        self, y_hat: np.ndarray, text: np.ndarray, *, precision: str = "auto"
    ) -> np.ndarray:
        """Returns 8-bit pictures (b, h, w, 3).

        Args:
            y_hat: What ``dequantise`` gave.
            text: float32 (b, t): each caption's vector, zeros for none.
            precision: One of ``PRECISIONS``; "auto" is what is fastest here.
        """

    def masks(self, y_hat: np.ndarray, text: np.ndarray) -> list[np.ndarray]:
        """Returns the mask of every SSA block, coarse to fine, float32 (b, h, w)."""


class CarrierNetworks(Protocol):
    """A carrier generator ready to improve pictures."""

    @property
    def config(self) -> CarrierShape:
        """What is known of it."""

    def fingerprint(self) -> bytes:
        """Returns 8 bytes that tell these weights from others, as they are kept in a file."""

    def improve(
        self,
        pictures: np.ndarray,
        text: np.ndarray,
        realism: float,
        *,
        precision: str = "auto",
        drawn_share: float = 1.0,
    ) -> np.ndarray:
        """Returns 8-bit pictures.

        Args:
            pictures: uint8 (b, h, w, 3), as the carrier decodes them; any size.
            text: float32 (b, t): each caption's vector, zeros for none.
            realism: The dial, from 0 to 1.
            precision: One of ``PRECISIONS``; "auto" is what is fastest here.
            drawn_share: How much of the residual is added, from 0 to 1.
        """

    def masks(self, pictures: np.ndarray, text: np.ndarray, realism: float) -> list[np.ndarray]:
        """Returns the mask of every SSA block, coarse to fine, float32 (b, h, w)."""


def check_precision(precision: str) -> None:
    """Checks the name of a precision.

    Raises:
        ConfigError: It is none of ``PRECISIONS``.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"precision must be one of {PRECISIONS}, got {precision!r}")


def is_bf16(precision: str) -> bool:
    """Returns whether bfloat16 was asked for by name.

    Raises:
        ConfigError: As for ``check_precision``.
    """
    check_precision(precision)
    return precision == "bf16"
