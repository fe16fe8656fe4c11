"""Text encoders: what turns captions into vectors, in one form each."""
