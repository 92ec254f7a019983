"""A second, independent reading of the venues' documents: a server that behaves as they do, on loopback only."""
