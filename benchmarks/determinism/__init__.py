"""Whether every processor decodes the same integers."""
