"""Signed, numbered messages between the processes of the network."""
