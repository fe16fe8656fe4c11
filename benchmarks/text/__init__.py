"""What the text encoders know, and what they cost."""
