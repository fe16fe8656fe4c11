"""What decides the bits of a latent: integer networks, tables, the entropy coder.

Standard library, numpy and constriction only, so that any machine and any port comes to the same
integers (docs/determinism.md).
"""
