"""What is done: a file for each job, read from top to bottom."""
