"""A built model becomes a logged model and a model version."""
