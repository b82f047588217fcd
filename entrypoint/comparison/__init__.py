"""What changes against what is registered. Compares files at hand; asks nobody."""
