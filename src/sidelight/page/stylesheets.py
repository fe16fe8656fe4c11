"""The files that a style sheet names."""

from collections.abc import Iterator, Sequence

import tinycss2
from tinycss2.ast import Node

_TAKE_URL = ("url", "src")
_TAKE_STRINGS = ("image-set", "-webkit-image-set", "image", *_TAKE_URL)


def urls_in_sheet(css: bytes) -> list[str]:
    """Returns the URLs of pictures, fonts and further style sheets in a CSS file."""
    rules, _ = tinycss2.parse_stylesheet_bytes(css, skip_comments=True, skip_whitespace=True)
    return list(_urls(rules))


def urls_in_style(css: str) -> list[str]:
    """Returns the URLs in a ``style`` element or attribute."""
    if "(" not in css and "@" not in css:
        return []
    return list(_urls(tinycss2.parse_component_value_list(css, skip_comments=True)))


def _urls(nodes: Sequence[Node]) -> Iterator[str]:
    waiting = [iter(nodes)]  # blocks may be nested deeper than Python calls
    is_import = False
    while waiting:
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
            continue
        match node.type:
            case "url":
                yield node.value
            case "string" if is_import:
                yield node.value
            case "function":
                if node.lower_name in _TAKE_STRINGS:
                    yield from (part.value for part in node.arguments if part.type == "string")
                waiting.append(iter(node.arguments))
            case "qualified-rule":
                waiting.append(iter([*node.prelude, *node.content]))
            case "at-rule":
                if node.lower_at_keyword == "import":
                    yield from [part.value for part in node.prelude if part.type == "string"][:1]
                waiting.append(iter([*node.prelude, *(node.content or [])]))
            case "() block" | "[] block" | "{} block":
                waiting.append(iter(node.content))
        if node.type != "whitespace":
            is_import = node.type == "at-keyword" and node.lower_value == "import"
