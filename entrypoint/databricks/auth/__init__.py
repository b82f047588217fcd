"""The login at a Databricks workspace: one short-lived token, made in a process of its own."""
