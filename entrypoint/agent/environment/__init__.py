"""The agent's own Python environment: what it asks for, resolved, made and recorded."""
