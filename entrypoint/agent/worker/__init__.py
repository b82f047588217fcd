"""What runs in the agent's own interpreter. Imports nothing of the package."""
