"""Pictures, pairs and text vectors that training draws from."""
