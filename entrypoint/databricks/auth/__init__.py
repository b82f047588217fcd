"""The login at a Databricks workspace: one short-lived token, fetched in a process of its own."""
