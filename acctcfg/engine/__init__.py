"""The effects: read the live accounts, make the plan, open the gate before each write, walk the plan, read back."""
