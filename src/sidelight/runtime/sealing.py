"""Checksums of weight files: a damaged file is refused instead of drawing strange pictures.

A safetensors file is eight bytes with the length of a JSON header, the header, and the tensors'
bytes. The seal is a SHA-256 over every tensor's name, type, shape and bytes and over all other
metadata; it is kept in the metadata itself, so that any reader of the format still reads the file.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sidelight.errors import CheckpointError

SEAL = "sha256"
"""The metadata's key."""
HEAD_BYTES = 9
"""What ``is_weight_file`` needs."""
_METADATA = "__metadata__"
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100_000_000  # of the format's own reader


class WeightHeader(NamedTuple):
    """What a safetensors file says of itself."""

    metadata: dict[str, str]
    tensors: dict[str, Any]
    """Type, shape and place of each tensor, by name."""
    end: int
    """Where the tensors' bytes begin."""


def is_weight_file(head: bytes) -> bool:
    """Returns whether a file that begins so may be a safetensors file."""
    length = int.from_bytes(head[:_LENGTH_BYTES], "little")
    return 0 < length <= _MAX_HEADER_BYTES and head[_LENGTH_BYTES:HEAD_BYTES] == b"{"


def read_weight_file(path: Path) -> bytes:
    """Returns the bytes of a safetensors file; of any other only the first are read.

    Raises:
        CheckpointError: It cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if is_weight_file(head):
                return head + file.read()
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from None
    found = f"starts with {head.hex(' ')}" if head else "is empty"
    raise CheckpointError(f"cannot read {path}: it {found}, expected a safetensors file")


def read_header(data: bytes) -> WeightHeader:
    """Returns what a safetensors file says of itself.

    Raises:
        CheckpointError: It is damaged.
    """
    end = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "little")
    try:
        tensors = json.loads(data[_LENGTH_BYTES:end])
        metadata = tensors.pop(_METADATA, {})
        for name, tensor in tensors.items():
            first, last = tensor["data_offsets"]
            if not 0 <= first <= last <= len(data) - end:
                raise CheckpointError(
                    f"tensor {name} claims bytes {first} to {last}, {len(data) - end} are there"
                )
        if not all(isinstance(text, str) for text in metadata.values()):
            raise CheckpointError("metadata must be named texts")
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise CheckpointError(f"the header is damaged: {error}") from None
    return WeightHeader(metadata, tensors, end)


def sealed(metadata: Mapping[str, str], data: bytes) -> dict[str, str]:
    """Returns the metadata that a safetensors file carries, with the seal of that file added."""
    return {**metadata, SEAL: _seal_of(data, read_header(data))}


def check_seal(data: bytes) -> WeightHeader:
    """Returns the header of a safetensors file; files of early releases have no seal in it.

    Raises:
        CheckpointError: It is damaged, or its content is not what was sealed.
    """
    header = read_header(data)
    stated = header.metadata.get(SEAL)
    if stated is not None and (found := _seal_of(data, header)) != stated:
        raise CheckpointError(
            f"tensors and metadata have SHA-256 {found[:16]}..., they were written with "
            f"{stated[:16]}...: the file is damaged, fetch or export it again"
        )
    return header


def _seal_of(data: bytes, header: WeightHeader) -> str:
    digest = hashlib.sha256()
    for part in _parts(data, header):
        digest.update(len(part).to_bytes(_LENGTH_BYTES, "little"))
        digest.update(part)
    return digest.hexdigest()


def _parts(data: bytes, header: WeightHeader) -> Iterator[bytes | memoryview]:
    for name, text in sorted(header.metadata.items()):
        if name != SEAL:
            yield from (name.encode(), text.encode())
    body = memoryview(data)[header.end :]
    for name, tensor in sorted(header.tensors.items()):
        first, last = tensor["data_offsets"]
        yield f"{name} {tensor.get('dtype')} {tensor.get('shape')}".encode()
        yield body[first:last]
