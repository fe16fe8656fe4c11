"""Profiles made by hand: Pillow itself can only create RGB and Lab ones."""

import struct

import pytest
from PIL import ImageCms


def icc_profile(device_class: bytes, space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    for signature, content in tags.items():
        content = content.ljust(-(-len(content) // 4) * 4, b"\0")
        table += struct.pack(">4sII", signature, 132 + 12 * len(tags) + len(body), len(content))
        body += content
    header = struct.pack(">I4xI4s4s4s12x4s", 0, 0x02400000, device_class, space, pcs, b"acsp")
    header = header.ljust(68, b"\0") + bytes.fromhex("0000f6d6000100000000d32d")  # D50
    data = header.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(data)) + data[4:]


@pytest.fixture(scope="session")
def rgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="session")
def gray_profile() -> bytes:
    white = b"XYZ \0\0\0\0" + bytes.fromhex("0000f6d6000100000000d32d")
    gamma = struct.pack(">4s4xIH", b"curv", 1, 0x0233)
    return icc_profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": white, b"kTRC": gamma})


@pytest.fixture(scope="session")
def cmyk_profile() -> bytes:
    """Any full ink is black: quite unlike Pillow's own conversion, where cyan is cyan."""
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = bytes(range(256))
    corners = bytes([255, 128, 128]) + bytes([0, 128, 128]) * 15  # Lab at 2**4 grid points
    lut = struct.pack(">4s4x4B", b"mft1", 4, 3, 2, 0) + identity + ramp * 4 + corners + ramp * 3
    return icc_profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})
