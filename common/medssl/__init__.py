"""Self-supervised pre-training for medical images: the vocabulary that the bundles speak."""

__all__ = ["__version__"]

__version__ = "0.1.0"
