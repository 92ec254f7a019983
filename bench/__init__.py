"""Measurements against goals. Each module's `run()` returns rows of name, value, goal, and whether it is met."""
