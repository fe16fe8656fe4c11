"""A model meets a file: .slt files and ordinary pictures, opened, coded, checked, inspected."""
