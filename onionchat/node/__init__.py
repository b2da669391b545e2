"""The one place where the layers meet: peers, outbox, inbox, requests, verbs."""
