"""Seconds of coding and of its parts."""
