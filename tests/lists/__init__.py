"""Lists of others, read."""
