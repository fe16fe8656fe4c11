"""ICC profiles: which one fits the pixels, and the ways to sRGB."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

_CONVERTED_SPACES = {"CMYK": "CMYK", "LAB": "Lab"}  # these pixels are sRGB by now


def fit_profile(image: Image.Image, *, gray: bool) -> tuple[bytes | None, tuple[str, ...]]:
    """Returns the image's profile if it describes the converted pixels, and notes if it does not.

    Args:
        image: As read, in its own mode.
        gray: Whether its pixels became gray rather than RGB.
    """
    expected = _CONVERTED_SPACES.get(image.mode, "GRAY" if gray else "RGB")
    icc, notes = _fitting(image.info.get("icc_profile"), expected)
    return (None if image.mode in _CONVERTED_SPACES else icc), notes


def sound_profile(icc: bytes | None, *, gray: bool) -> tuple[bytes | None, tuple[str, ...]]:
    """Returns a profile that somebody else wrote if it fits the pixels, and notes if not."""
    return _fitting(icc, "GRAY" if gray else "RGB")


def _fitting(icc: bytes | None, expected: str) -> tuple[bytes | None, tuple[str, ...]]:
    if not icc:
        return None, ()
    space = _profile_space(icc)
    if space is None:
        return None, ("broken ICC profile dropped",)
    if space != expected:
        return None, (f"ICC profile for {space} does not fit the pixels and is dropped",)
    return icc, ()


def cmyk_to_srgb(image: Image.Image) -> Image.Image | None:
    """Returns a CMYK image in sRGB by its own profile, None where it has none that works."""
    return _convert(image, "CMYK", outputMode="RGB")


def rgb_to_srgb(image: Image.Image) -> Image.Image:
    """Returns an RGB or RGBA image in sRGB, as it is where it has no profile that works."""
    return _convert(image, "RGB") or image


def gray_to_srgb(image: Image.Image) -> Image.Image:
    """Returns a gray image in sRGB, as it is where it has no profile that works."""
    return _convert(image, "GRAY", outputMode="RGB") or image


def _convert(image: Image.Image, space: str, **options: Any) -> Image.Image | None:
    icc = image.info.get("icc_profile")
    if not icc or _profile_space(icc) != space:
        return None
    try:
        source, target = ImageCms.ImageCmsProfile(BytesIO(icc)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, **options)
    except (OSError, ValueError, ImageCms.PyCMSError):
        return None


def _profile_space(icc: bytes) -> str | None:
    """Returns the colour space that a profile maps from, such as "RGB"; None if it is broken."""
    try:
        return ImageCms.ImageCmsProfile(BytesIO(icc)).profile.xcolor_space.strip()
    except (OSError, TypeError, ValueError, AttributeError):
        return None
