"""Programs for those who develop log-agent."""
