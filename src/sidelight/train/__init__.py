"""Training: recipes, the stages and what a run leaves behind."""
