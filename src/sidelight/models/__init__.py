"""One file per published model, on what all share; the paper's codec, D and carrier generator."""
