"""What Pillow is given, which formats are read, and what is said of others."""

import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageFile

from sidelight.errors import CorruptBitstreamError, ImageError
from sidelight.pixels.alpha import pack_alpha, unpack_alpha
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.kinds import FORMATS
from sidelight.pixels.picture import to_pillow

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes, *, is_sound: bool = True) -> bytes:
    crc = zlib.crc32(kind + data) ^ (not is_sound)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def png_with(*chunks: bytes, image: Image.Image = NOISE) -> bytes:
    """Returns a PNG with more chunks behind its header."""
    data = saved(image, "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    data = saved(NOISE, "JPEG", quality=90)
    more = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload
        for marker, payload in segments
    )
    return data[:2] + more + data[2:]


def ftyp(*brands: bytes) -> bytes:
    return (
        struct.pack(">I4s", 8 + 4 * (len(brands) + 1), b"ftyp")
        + brands[0]
        + bytes(4)
        + b"".join(brands[1:])
    )


def tiff(tags: dict[int, tuple[int, int, int]], pixels: bytes) -> bytes:
    """Returns a little-endian TIFF; ``tags`` are (type, count, value), its strip lies behind."""
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    table = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(tags.items()))
    return head + table + bytes(4) + pixels


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"bKGD", b"eXIf", b"iCCP"])
def test_damage_in_a_chunk_that_pixels_do_not_need_is_passed_over(kind):
    picture = decode_picture(png_with(chunk(kind, b"Comment\0\0x", is_sound=False)))
    assert (picture.image == np.asarray(NOISE)).all()
    needed = kind in (b"eXIf", b"iCCP")
    assert picture.notes == ((f"damaged PNG chunk {kind.decode()} dropped",) if needed else ())


def test_damage_in_a_chunk_that_they_need_is_named():
    data = bytearray(saved(NOISE, "PNG"))
    data[60] ^= 1
    with pytest.raises(ImageError, match="PNG chunk IDAT at byte 33 is truncated or fails its CRC"):
        decode_picture(bytes(data))


def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked():
    bomb = zlib.compress(bytes(2**26))
    for keyword in (b"Comment\0\0", b"Raw profile type exif\0\0"):
        assert decode_picture(png_with(chunk(b"zTXt", keyword + bomb))).notes == ()
    packed = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb)
    assert decode_picture(png_with(packed)).notes == ()


def test_an_unpacked_profile_of_imagemagick_is_still_found():
    block = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x3b\0\x02\0\0\0\x04Ada\0\0\0\0\0"
    text = f"\nexif\n      {len(block)}\n{block.hex()}\n".encode()
    packed = b"Raw profile type exif\0\0" + zlib.compress(text)
    assert decode_picture(png_with(chunk(b"zTXt", packed))).exif == block


def test_apples_own_variant_of_png_is_named():
    data = saved(NOISE, "PNG")
    with pytest.raises(ImageError, match="Apple's own variant of PNG"):
        decode_picture(data[:8] + chunk(b"CgBI", bytes(4)) + data[8:])


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ((9, 16, 0, 1), "transfer PQ, so HDR, primaries BT.2020"),
        ((9, 18, 0, 1), "transfer HLG, so HDR, primaries BT.2020"),
        ((12, 13, 0, 1), "primaries Display P3"),
        ((1, 8, 0, 1), "transfer code 8"),
        ((1, 13, 0, 1), None),
        ((2, 2, 0, 1), None),
    ],
)
def test_signals_that_are_not_srgb_are_told(signal, told):
    notes = decode_picture(png_with(chunk(b"cICP", bytes(signal)))).notes
    assert notes == (() if told is None else (f"colours read as sRGB, though cICP says {told}",))


def test_signals_of_avif_are_told_too():
    data = bytearray(saved(NOISE, "AVIF"))
    place = data.index(b"colrnclx") + 8
    assert decode_picture(bytes(data)).notes == ()
    data[place : place + 4] = struct.pack(">2H", 9, 16)
    assert decode_picture(bytes(data)).notes[0].endswith("transfer PQ, so HDR, primaries BT.2020")


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_avif_is_told(bits):
    samples = np.asarray(NOISE, np.uint16) << (bits - 8)
    data = imagecodecs.avif_encode(samples, level=60, bitspersample=bits)
    assert decode_picture(data).notes == (f"{bits}-bit samples reduced to 8",)


@pytest.mark.parametrize("gamma", [100_000, 55_555])
def test_gamma_is_converted_to_srgb(gamma):
    levels = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    picture = decode_picture(png_with(chunk(b"gAMA", struct.pack(">I", gamma)), image=levels))
    linear = (np.arange(256) / 255) ** (100_000 / gamma)
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(picture.image[..., 0].ravel() - 255 * expected).max() <= 0.5
    assert picture.notes == (f"gamma {gamma / 100_000:g} converted to sRGB's",)


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(b"gAMA", struct.pack(">I", 45455))],
        [chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 100_000))],
        [chunk(b"cICP", bytes([1, 13, 0, 1])), chunk(b"gAMA", struct.pack(">I", 100_000))],
        [chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
    ],
)
def test_what_means_srgb_changes_nothing(chunks):
    picture = decode_picture(png_with(*chunks))
    assert (picture.image == np.asarray(NOISE)).all()
    assert picture.notes == ()


@pytest.mark.parametrize("gamma", [0, 1, 2**32 - 1])
def test_an_impossible_gamma_is_passed_over(gamma):
    picture = decode_picture(png_with(chunk(b"gAMA", struct.pack(">I", gamma))))
    assert (picture.image == np.asarray(NOISE)).all()
    assert "impossible gamma" in picture.notes[0]


def test_other_primaries_are_told():
    adobe = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    assert "cHRM" in decode_picture(png_with(chunk(b"cHRM", adobe))).notes[0]


def test_a_jpeg_is_read_without_what_its_pixels_do_not_need():
    plain = decode_picture(jpeg_with())
    segments = [
        (0xE1, b"Exif\0\0" + b"\xff" * 50),
        (0xE2, b"MPF\0" + b"\xff" * 30),
        (0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04" + b"\xff" * 9),
        (0xFE, b"a comment"),
        (0xEB, bytes(999)),
    ]
    picture = decode_picture(jpeg_with(*segments))
    assert (picture.image == plain.image).all()
    assert picture.notes == ("only the first frame is kept", "broken EXIF dropped")


def test_a_gain_map_is_no_further_frame():
    xmp = b'http://ns.adobe.com/xap/1.0/\0<a hdrgm:Version="1.0"/>'
    notes = decode_picture(jpeg_with((0xE1, xmp), (0xE2, b"MPF\0"))).notes
    assert "only the first frame is kept" not in notes


def test_adobes_mark_on_stored_colours_stays():
    cmyk = NOISE.convert("CMYK")
    plain = decode_picture(saved(NOISE, "JPEG", keep_rgb=True, quality=95)).image
    assert np.abs(plain.astype(int) - np.asarray(NOISE)).mean() < 5
    inverted = decode_picture(saved(cmyk, "JPEG", quality=95)).image
    assert np.abs(inverted.astype(int) - np.asarray(cmyk.convert("RGB"))).mean() < 8


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "TGA", "PPM"])
def test_half_a_picture_is_told_though_pillow_lets_it_pass(monkeypatch, format):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = saved(NOISE, format)
    with pytest.raises(ImageError):
        decode_picture(data[: len(data) // 2])
    whole = decode_picture(data)
    assert whole.image.shape == (40, 60, 3)


def test_so_is_half_an_alpha_plane(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    alpha = np.asarray(NOISE)[..., 0]
    payload = pack_alpha(alpha)
    assert (unpack_alpha(payload, 60, 40) == alpha).all()
    with pytest.raises(CorruptBitstreamError):
        unpack_alpha(payload[: len(payload) // 2], 60, 40)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"%PDF-1.7\n" + bytes(99), "PDF is not read"),
        (b"<svg xmlns='x'/>", "SVG, a drawing, is not read"),
        (b'<?xml version="1.0"?>\n<svg/>', "SVG"),
        (ftyp(b"isom", b"mp41") + bytes(99), "a film is not read"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "Matroska or WebM film is not read"),
        (b"SIMPLE  =    T" + bytes(99), "FITS is not read"),
        (b"II+\0\x08\0\0\0" + bytes(99), "BigTIFF"),
        (b"PK\x03\x04" + bytes(99), "ZIP archive is not read"),
        (b"FUJIFILMCCD-RAW " + bytes(99), "camera raw is not read"),
    ],
)
def test_what_is_known_and_not_read_is_named(data, told):
    with pytest.raises(ImageError, match=told):
        decode_picture(data)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_heic_says_what_to_install(monkeypatch, brand):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImageError, match=r"HEIC pictures need pi-heif: pip install 'sidelight"):
        decode_picture(ftyp(brand, b"mif1", brand) + bytes(64))


def test_heic_is_read_where_its_extra_is_there():
    picture = decode_picture(Path(__file__).with_name("turned.heic").read_bytes())
    assert picture.image.shape == (60, 40, 3)  # written as 60x40 px, to be turned by a quarter
    assert picture.exif is not None
    assert b"Ricoh" in picture.exif


def test_a_broken_avif_is_named_as_one():
    data = saved(NOISE, "AVIF")
    with pytest.raises(ImageError, match="AVIF that is truncated, broken or of a rare kind"):
        decode_picture(data[: len(data) // 2])


def test_a_jpeg_of_12_bits_is_named_as_one():
    data = imagecodecs.jpeg8_encode(np.asarray(NOISE, np.uint16) << 4, bitspersample=12)
    with pytest.raises(ImageError, match=r"JPEG .*12 or 16 bits"):
        decode_picture(data)


def test_a_broken_heic_is_named_as_one():
    with pytest.raises(ImageError, match="HEIC that is truncated, broken or of a rare kind"):
        decode_picture(ftyp(b"heic", b"mif1", b"heic") + bytes(64))


BASE = {256: (4, 1, 4), 257: (4, 1, 2), 259: (3, 1, 1), 278: (4, 1, 2)}


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({258: 32, 262: 2, 277: 3, 339: 3}, r"3 channels \(RGB\) of 32-bit float"),
        ({258: 8, 262: 5, 277: 5, 338: 2}, r"5 channels \(CMYK with extra"),
        ({258: 64, 262: 1, 277: 1, 339: 3}, "64-bit float"),
        ({258: 16, 262: 1, 277: 1, 339: 6}, "complex float"),
        ({258: 24, 262: 32844, 277: 1}, "photometric 32844"),
    ],
)
def test_tiffs_that_are_not_read_are_described(tags, told):
    stated = {tag: (3, 1, value) for tag, value in tags.items()}
    data = tiff({**BASE, **stated, 273: (4, 1, 200), 279: (4, 1, 400)}, bytes(600))
    with pytest.raises(ImageError, match=rf"TIFF with .*{told}.* is not read; save it"):
        decode_picture(data)


def test_a_small_tiff_in_a_huge_tile_is_refused():
    tags = {256: (4, 1, 1), 257: (4, 1, 1), 258: (3, 1, 8), 259: (3, 1, 8), 262: (3, 1, 1)}
    tags |= {277: (3, 1, 1), 322: (4, 1, 11_000), 323: (4, 1, 11_000), 324: (4, 1, 150)}
    data = tiff({**tags, 325: (4, 1, 100)}, bytes(300))
    with pytest.raises(ImageError, match="1x1 px in tiles of 11000x11000 px, the limit is"):
        decode_picture(data)


def test_no_format_runs_programs():
    assert not {"EPS", "WMF", "FITS", "MPEG", "IPTC", "PALM", "SPIDER"} & set(FORMATS)


@pytest.mark.parametrize("max_pixels", [2399, 1])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "GIF", "BMP", "ICO"])
def test_the_limit_of_pixels_holds_for_every_format(format, max_pixels):
    data = saved(NOISE, format, **({"sizes": [(60, 40)]} if format == "ICO" else {}))
    with pytest.raises(ImageError, match=rf"px, the limit is .* {max_pixels} px in all"):
        decode_picture(data, max_pixels=max_pixels)
    assert decode_picture(data, max_pixels=2400).image.shape[2] == 3


def test_memory_that_runs_out_is_not_called_a_broken_picture(monkeypatch):
    def fail(self):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(MemoryError):
        decode_picture(saved(NOISE, "JPEG"))


def test_a_picture_that_was_read_writes_the_metadata_it_came_with():
    exif = Image.Exif()
    exif[315] = "Ada"
    picture = decode_picture(saved(NOISE, "TIFF", exif=exif))
    again = decode_picture(saved(to_pillow(replace(picture, notes=())), "PNG", exif=picture.exif))
    assert again.exif == picture.exif
