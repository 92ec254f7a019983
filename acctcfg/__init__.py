"""Infrastructure-as-code for exchange accounts."""

__version__ = "0.1.0"

__all__ = ["__version__"]
