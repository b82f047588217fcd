"""A registered version is copied to another model, or gets another alias."""
