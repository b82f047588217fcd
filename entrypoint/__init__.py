"""log-agent: takes an AI agent from a commit to Unity Catalog."""
