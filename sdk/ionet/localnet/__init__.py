"""A market to try things on."""
