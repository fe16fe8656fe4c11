"""The caption of a picture is what its page says of it."""

from bs4 import Tag

from sidelight.text.canonical import canonical_caption

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def caption_in_page(image: Tag) -> str:
    """Returns the figure's caption, else alt, else title, else the nearest heading above, or "".

    Args:
        image: An ``img`` element that is still in its page.
    """
    figure = image.find_parent("figure")
    figcaption = figure.find("figcaption") if figure else None
    heading = image.find_previous(_HEADINGS)
    texts = (
        figcaption.get_text(" ") if figcaption else "",
        str(image.get("alt") or ""),
        str(image.get("title") or ""),
        heading.get_text(" ") if heading else "",
    )
    return next((caption for text in texts if (caption := canonical_caption(text))), "")
