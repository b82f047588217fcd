"""What the agent may use: its Databricks resources."""
