"""Shape of the text encoder inside the package."""

from dataclasses import dataclass

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceConfig(StrictConfig):
    """Shape of a ``SentenceNetwork``."""

    vocabulary: int
    """Word pieces, the padding included."""
    max_tokens: int = 96
    width: int = 256
    num_layers: int = 3
    num_heads: int = 4
    hidden: int = 1024
    """Width between the two linear layers of a block."""
    text_width: int = 384
    """Length t of the vector."""

    def __post_init__(self) -> None:
        if self.width % self.num_heads:
            raise ConfigError(f"width {self.width} is no multiple of num_heads {self.num_heads}")
