"""Which formats are read, and what is said of others: known by their first bytes, not by a name."""

import importlib.util
import struct

from sidelight.errors import ImageError

FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "ICNS", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM",
    "PSD", "QOI", "SGI", "TGA", "TIFF", "WEBP",
)  # fmt: skip
"""Pillow's names of the formats that are read by it; JPEG XL and HEIC come with extras.

What Pillow reads beyond these is left out: EPS and WMF hand the file to other programs, FITS and
others unpack without a bound, and the rest is met in attacks only.
"""
TITLES = (
    "PNG, JPEG, WebP, AVIF, TIFF, GIF, BMP, JPEG 2000, PPM, TGA, QOI, PSD, ICO, ICNS, PCX, SGI, "
    "JPEG XL (extra jxl), HEIC (extra heic)"
)
HEIC = "HEIC"
FIRST_FRAME = "only the first frame is kept"
"""Said of a file that holds several."""

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_FILM_BRANDS = frozenset(
    {b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"M4V ", b"avc1", b"3gp4", b"3gp5", b"dash"}
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_FIRST_BRAND, _COMPATIBLE_BRANDS = 8, 16
_BRAND_BYTES, _MAX_BRANDS = 4, 64
_STARTS = {
    b"%PDF": ("PDF", "convert its pages to PNG"),
    b"%!PS": ("PostScript, which can run programs,", "convert it to PNG"),
    b"\xc5\xd0\xd3\xc6": ("EPS, which can run programs,", "convert it to PNG"),
    b"\x1a\x45\xdf\xa3": ("Matroska or WebM film", "take a frame of it as PNG"),
    b"SIMPLE  =": ("FITS", "convert it to 16-bit TIFF or PNG"),
    b"\x76\x2f\x31\x01": ("OpenEXR", "convert it to 8- or 16-bit PNG"),
    b"#?RADIANCE": ("Radiance HDR", "convert it to 8- or 16-bit PNG"),
    b"FUJIFILM": ("camera raw", "develop it to TIFF, PNG or JPEG"),
    b"IIRO": ("camera raw", "develop it to TIFF, PNG or JPEG"),
    b"IIRS": ("camera raw", "develop it to TIFF, PNG or JPEG"),
    b"PK\x03\x04": ("ZIP archive", "unpack it"),
    b"\x1f\x8b": ("gzip archive", "unpack it"),
    b"<svg": ("SVG, a drawing,", "keep it, or draw it as PNG"),
    b"DDS ": ("DDS", "convert it to PNG"),
}
_TIFF_STARTS = {b"II*\0": "<", b"MM\0*": ">"}
_BIG_TIFF_STARTS = (b"II+\0", b"MM\0+")
_MARKUP_BYTES = 512


def is_jpeg(data: bytes) -> bool:
    """Returns whether the bytes start as a JPEG does."""
    return data.startswith(b"\xff\xd8\xff")


def is_avif(data: bytes) -> bool:
    """Returns whether the file's type, or one that it is compatible with, is AVIF."""
    return bool(_brands(data) & _AVIF_BRANDS)


def is_heic(data: bytes) -> bool:
    """Returns whether the bytes start as an HEIC file does, and not as AVIF."""
    brands = _brands(data)
    return not brands & _AVIF_BRANDS and bool(brands & _HEIC_BRANDS)


def register_heic() -> None:
    """Lets Pillow read HEIC.

    Raises:
        ImageError: The extra is not installed.
    """
    if importlib.util.find_spec("pi_heif") is None:
        raise ImageError("HEIC pictures need pi-heif: pip install 'sidelight[heic]'")
    import pi_heif  # only reads: the wheels that also write hold a GPL encoder

    pi_heif.register_heif_opener(thumbnails=False)


def told_foreign(data: bytes) -> str | None:
    """Returns what a file is by its beginning, if it is known and no picture; else None."""
    for start, (title, advice) in _STARTS.items():
        if data.startswith(start):
            return f"{title} is not read as a picture; {advice}"
    if _brands(data) & _FILM_BRANDS and not (is_heic(data) or is_avif(data)):
        return "a film is not read as a picture; take a frame of it as PNG"
    return None


def unread(data: bytes) -> ImageError:
    """Returns the error that says what a file is that no reader takes."""
    if not data:
        return ImageError("the file is empty, expected a picture")
    if (told := told_foreign(data)) is not None:
        return ImageError(told)
    if data.startswith(_BIG_TIFF_STARTS):
        return ImageError("BigTIFF of a kind that is not read; save it as TIFF or PNG")
    if data[:4] in _TIFF_STARTS:
        return ImageError(f"TIFF {_tiff_kind(data)} is not read; save it with 8 or 16 bits as RGB")
    if is_heic(data):
        return ImageError("HEIC that is truncated, broken or of a rare kind; export it as JPEG")
    if is_avif(data):
        return ImageError("AVIF that is truncated, broken or of a rare kind; fetch it again")
    if is_jpeg(data):
        return ImageError(
            "JPEG that is broken, or of a kind that is not read (12 or 16 bits, lossless); export "
            "it with 8 bits"
        )
    if b"<svg" in data[:_MARKUP_BYTES]:
        return ImageError("SVG, a drawing, is not read as a picture; keep it, or draw it as PNG")
    return ImageError(
        f"not a picture of a format that is read, or one without pixels: {len(data)} bytes that "
        f"start with {data[:8].hex(' ')}; read are {TITLES}"
    )


def _brands(data: bytes) -> frozenset[bytes]:
    """Returns what an ISO base media file says that it is compatible with."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4]), _COMPATIBLE_BRANDS + _MAX_BRANDS * _BRAND_BYTES)
    places = (_FIRST_BRAND, *range(_COMPATIBLE_BRANDS, end, _BRAND_BYTES))
    return frozenset(data[place : place + _BRAND_BYTES] for place in places)


_SHORT, _LONG = 3, 4
_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _EXTRA, _SAMPLE_FORMAT = 258, 259, 262, 277, 338, 339
_COLOURS = {0: "gray", 1: "gray", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr", 8: "Lab"}
_SAMPLE_FORMATS = {2: "signed", 3: "float", 5: "complex", 6: "complex float"}


def _tiff_kind(data: bytes) -> str:
    """Returns which samples a TIFF states, as far as its first directory can be read."""
    order, tags = _TIFF_STARTS[data[:4]], {}
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, number, offset = struct.unpack_from(f"{order}HHII", data, place)
            if kind == _SHORT:
                where = place + 8 if number <= 2 else offset
                (tags[tag],) = struct.unpack_from(f"{order}H", data, where)
            elif kind == _LONG:
                tags[tag] = offset
    except struct.error:
        return "whose directory is damaged"
    colours = _COLOURS.get(tags.get(_PHOTOMETRIC, -1), f"photometric {tags.get(_PHOTOMETRIC)}")
    extra = " with extra channels" if _EXTRA in tags else ""
    samples = _SAMPLE_FORMATS.get(tags.get(_SAMPLE_FORMAT, 1), "unsigned")
    return (
        f"with {tags.get(_SAMPLES, 1)} channels ({colours}{extra}) of {tags.get(_BITS, 1)}-bit "
        f"{samples} samples and compression {tags.get(_COMPRESSION, 1)}"
    )
