"""What people read: one result, rendered by templates."""
