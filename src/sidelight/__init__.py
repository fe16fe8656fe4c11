"""Sidelight: a perceptual image codec whose decoder reads the picture's caption."""
