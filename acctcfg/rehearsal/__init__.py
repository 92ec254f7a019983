"""A plan tried on a sandbox that starts as the live accounts are: `plan --rehearse`."""
