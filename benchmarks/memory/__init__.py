"""Peak memory on large pictures."""
