"""How fast log-agent is, beside the driver script of Databricks' documentation."""
