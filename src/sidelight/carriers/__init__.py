"""Ordinary files of standard codecs, which carry pictures that a caption can improve."""
