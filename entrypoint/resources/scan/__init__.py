"""Reads the agent's code for what it uses of Databricks; nothing of it is run."""
