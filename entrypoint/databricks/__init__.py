"""The workspace: what it allows, and what its refusals mean."""
