"""What URLs name in a folder of files that is served as a site.

Nothing is fetched, and nothing outside of the folder is looked at, whatever links and dots say.
"""

import os
import posixpath
import re
import stat
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_STRIPPED = "".join(map(chr, range(0x21)))
_PARTS = re.compile(r"((?:[^?#]*[/\\])?)([^?#]*)(.*)", re.DOTALL)
_ENCODED_SLASH = "%2f"


class AddressError(ValueError):
    """A URL that belongs to the site and names no file there; says why."""


class Site:
    """The files below a folder, by the URLs that pages of the site give them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)

    def file_of(self, url: str, base: str | None) -> str | None:
        """Returns the path of a file, relative to the site's folder and with slashes.

        Args:
            url: As a page or a style sheet has it.
            base: Path of the folder that it is relative to, as ``base_of`` gives it; None for
                another server.

        Returns:
            None for what is elsewhere: on another server, or a place in the page itself.

        Raises:
            AddressError: There is no such file in the site.
        """
        place = self.place_of(url, base)
        if place is None:
            return None
        real = Path(os.path.realpath(self.root / place))
        if not real.is_relative_to(self._real_root):
            raise AddressError("a link leads out of the site's folder")
        try:
            mode = real.stat().st_mode
        except FileNotFoundError:
            raise AddressError("there is no such file") from None
        except OSError as error:  # a name that is too long, links in a circle, ...
            raise AddressError(error.strerror or str(error)) from None
        if not stat.S_ISREG(mode):
            raise AddressError("is a folder" if stat.S_ISDIR(mode) else "is no file")
        if _names_folder(url):
            raise AddressError("its last slash names a folder, and a file is there")
        return place

    def place_of(self, url: str, base: str | None) -> str | None:
        """Returns where in the site a URL points, whether there is a file or not.

        Arguments and errors as for ``file_of``.
        """
        path = _path_of(url)
        if path is None or base is None:
            return None
        decoded = _decoded(path)
        if "\0" in decoded:
            raise AddressError("a NUL is in its name")
        parts: list[str] = []
        for part in posixpath.join("/", base, decoded).split("/"):
            if part == ".." and not parts:
                raise AddressError("is outside of the site's folder; give that by --root")
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        return "/".join(parts)

    def base_of(self, href: str, base: str | None) -> str | None:
        """Returns what a page's URLs are relative to, where it has ``<base href>``.

        None means another server. Raises as ``file_of``.
        """
        if _path_of(href) is None and not href.strip(_STRIPPED).startswith(("#", "?")):
            return base if not href.strip(_STRIPPED) else None
        folder = _PARTS.fullmatch(href.strip(_STRIPPED))[1]  # type: ignore[index]  # takes all
        return self.place_of(folder, base) if folder else base


def _path_of(url: str) -> str | None:
    """Returns the path of a URL of this site, still percent-encoded; None for any other."""
    url = re.sub("[\t\n\r]", "", url.strip(_STRIPPED))
    if _SCHEME.match(url):
        return None
    path = re.split("[?#]", url, maxsplit=1)[0].replace("\\", "/")  # browsers do so too
    return None if not path or path.startswith("//") else path


def _decoded(path: str) -> str:
    return os.fsdecode(unquote_to_bytes(path.encode("utf-8", "surrogateescape")))


def _names_folder(url: str) -> bool:
    return posixpath.basename(_decoded(_path_of(url) or "")) in ("", ".", "..")


def renamed(url: str, name: str) -> str:
    """Returns the URL of another file in the same folder; query and fragment stay."""
    folder, segment, tail = _PARTS.fullmatch(url).groups()  # type: ignore[union-attr]
    cut = segment.lower().rfind(_ENCODED_SLASH)
    kept = segment[: cut + len(_ENCODED_SLASH)] if cut >= 0 else ""
    return f"{folder}{kept}{quote(os.fsencode(name), safe='')}{tail}"
