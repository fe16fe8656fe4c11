"""Captioned picture sets and the crops that training draws from them; no torch."""
