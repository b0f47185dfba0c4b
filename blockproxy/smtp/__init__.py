"""SMTP submission: the listener, the next hop, and the receipts that are not sent on."""
