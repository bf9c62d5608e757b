"""A market on a local network to try things on."""
