"""What changes against what is registered. It compares files at hand, and sends no request."""
