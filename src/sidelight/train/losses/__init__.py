"""Training terms."""
