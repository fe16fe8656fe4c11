"""E, P, G and D of the paper, and the model that joins E, P and G."""
