"""Other ways to the value of each metric: definitions, other people's code, recorded layouts."""
