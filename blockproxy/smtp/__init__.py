"""SMTP: submission for mail clients, the gateway between mail servers, and what is done with a message on its way."""
