"""Programs of our own that are started with an environment of their own. Each is one file that imports nothing of ours.

What they use may start programs in turn (a keyring's backend, an age plugin): those get no credentials of ours either.
"""
