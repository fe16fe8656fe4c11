"""Rate and distortion on captioned pictures."""
