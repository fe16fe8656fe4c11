"""Captions as text: where people keep them, and the one form in which they are compared."""
