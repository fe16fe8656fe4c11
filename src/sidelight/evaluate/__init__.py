"""Evaluation: codecs behind one protocol, experiments, and the report of what they measured."""
