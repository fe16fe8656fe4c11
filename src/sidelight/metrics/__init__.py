"""Metrics of decoded pictures: the paper's ten, DISTS, and what stands in where weights lack."""
