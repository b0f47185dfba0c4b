"""blockproxy: a privacy-protecting mail proxy."""

__version__ = "0.1.0"
