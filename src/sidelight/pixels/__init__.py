"""Picture files in and out: 8-bit RGB arrays, alpha, ICC, EXIF, orientation and padding."""
