"""Text encoders by the name that a checkpoint records."""

from collections.abc import Callable

from sidelight.errors import TextError
from sidelight.text.bundled import BundledEncoder
from sidelight.text.cache import CachedEncoder
from sidelight.text.clip import ClipEncoder
from sidelight.text.encoder import EncoderIdentity, TextEncoder
from sidelight.text.minilm import MiniLMEncoder
from sidelight.text.word_pieces import WordPieceEncoder

TEXT_ENCODERS: dict[str, Callable[[], TextEncoder]] = {
    BundledEncoder.name: BundledEncoder,
    MiniLMEncoder.name: MiniLMEncoder,
    WordPieceEncoder.name: WordPieceEncoder,
    ClipEncoder.name: lambda: CachedEncoder(ClipEncoder()),
}


def load_text_encoder(name: str) -> TextEncoder:
    """Returns an encoder.

    Raises:
        TextError: This release does not know it, or its package or weights are missing.
    """
    if name not in TEXT_ENCODERS:
        raise TextError(f"no text encoder {name!r}, known are {sorted(TEXT_ENCODERS)}")
    return TEXT_ENCODERS[name]()


def check_identity(needed: EncoderIdentity, encoder: TextEncoder) -> None:
    """Refuses an encoder that the model was not trained with.

    Raises:
        TextError: Its name or its weights are others.
    """
    if encoder.identity != needed:
        raise TextError(
            f"the model was trained with text encoder {needed.name} {needed.fingerprint}, "
            f"got {encoder.identity.name} {encoder.identity.fingerprint}: its vectors would mean "
            "nothing to this model; install the right weights, or decode with --caption-from none"
        )
