"""Where the agent goes: MLflow's tracking store and registry."""
