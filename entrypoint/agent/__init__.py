"""The thing that is logged: its source, its environment, its build and its verification."""
