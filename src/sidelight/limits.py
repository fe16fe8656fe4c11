"""What a picture may be: met by readers of pictures and of .slt files before they allocate."""

MAX_SIDE = 65535
"""Pixels along one side."""
MAX_PIXELS = 2**27
"""Pixels in all; below twice Pillow's own limit, so that this one is met first."""
