"""Tests of a manifest: scenarios in YAML, each played on a sandbox of its own. Nothing of the user's is opened."""
