"""Captions: their canonical form, their digest and the encoders that turn them into vectors."""
