"""The text encoder's own training: distilled, then tuned to a decoder."""
