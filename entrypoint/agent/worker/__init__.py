"""What runs in the agent's own interpreter. Imports nothing of log-agent's other packages.

It runs with any Python from 3.9 on and any MLflow that agents may have.
"""
