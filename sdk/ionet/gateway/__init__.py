"""The gateway: a public host where agents, seats and renters meet, and where files lie.

It holds no key of the chain, and nothing that it passes on is its own: messages are signed by their senders,
files are named by their hashes. It can stop service, and nothing else. Needs the extra `gateway`.
"""
