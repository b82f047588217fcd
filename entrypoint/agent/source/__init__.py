"""What the user wrote: a Python file or a notebook, read without running it."""
