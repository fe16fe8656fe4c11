"""Text encoders by the name that a checkpoint records."""

from sidelight.errors import TextError
from sidelight.text.encoder import TextEncoder
from sidelight.text.minilm import MiniLMEncoder

_ENCODERS = {MiniLMEncoder.name: MiniLMEncoder}


def load_text_encoder(name: str) -> TextEncoder:
    """Returns the encoder that a model was trained with.

    Raises:
        TextError: This release does not know it, or its package is not installed.
    """
    if name not in _ENCODERS:
        raise TextError(f"the model needs text encoder {name!r}, known are {sorted(_ENCODERS)}")
    return _ENCODERS[name]()
