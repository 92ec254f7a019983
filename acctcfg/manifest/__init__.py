"""The files that the user wrote -> `core.desired.Manifest`, with every problem of all files in one go."""
