"""Bytes of a .slt file to header and sections, and back; the specification is docs/format.md."""
