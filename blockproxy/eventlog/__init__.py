"""The history of what was blocked."""
