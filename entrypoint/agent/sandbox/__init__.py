"""Where programs that aren't ours run: without secrets, in folders of their own."""
