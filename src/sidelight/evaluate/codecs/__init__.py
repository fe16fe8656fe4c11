"""Codecs behind one protocol: classical encoders by their own programs, and Sidelight."""
