"""Small picture files with a caption in their metadata."""

from io import BytesIO

from PIL import ExifTags, Image

CAPTION = "Ein Hund läuft am Strand."
XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>
  <rdf:li xml:lang="en">A dog.</rdf:li><rdf:li xml:lang="x-default">{CAPTION}</rdf:li>
 </rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def saved(format: str, **options) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), "gray").save(file, format, **options)
    return file.getvalue()


def exif_block(*, description=None, comment=None) -> bytes:
    exif = Image.Exif()
    if description is not None:
        exif[ExifTags.Base.ImageDescription] = description
    if comment is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif.tobytes()
