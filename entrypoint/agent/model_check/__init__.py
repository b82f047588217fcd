"""The check of a built or registered model directory against its manifest."""
