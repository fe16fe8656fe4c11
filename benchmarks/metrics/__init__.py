"""What each metric is checked against."""
