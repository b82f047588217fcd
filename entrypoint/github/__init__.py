"""GitHub: what the runner hears and reads. Knows nothing of MLflow."""
