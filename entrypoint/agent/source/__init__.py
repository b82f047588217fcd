"""The agent's file, Python or a notebook, read without running it."""
