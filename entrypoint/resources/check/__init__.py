"""What the agent uses, against what it declares and what the workspace has."""
