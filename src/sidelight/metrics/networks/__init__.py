"""Other people's networks, which judge pictures; and training, where LPIPS is a loss."""
