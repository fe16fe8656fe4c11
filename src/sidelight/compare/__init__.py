"""Blind comparisons of two codecs by eye: the page, and what judges chose in it."""
