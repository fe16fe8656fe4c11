"""What a picture may be: met by readers of pictures and of .slt files before they allocate."""

MAX_SIDE = 65535
"""Pixels along one side."""
MAX_PIXELS = 2**27
"""Pixels in all, the most that a .slt file holds. Of other files a caller may set another limit.

It takes the largest cameras' pictures (102 million pixels), and 400 MB as 8-bit RGB."""
