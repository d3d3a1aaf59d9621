"""Channels and deliveries: messages by webhook, e-mail, ntfy and Apprise, with retries over three days."""
