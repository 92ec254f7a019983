"""The venues: each a package that declares its endpoints, its resources and the order of its writes."""
