"""Subscribed lists, fetched from a server on loopback."""
