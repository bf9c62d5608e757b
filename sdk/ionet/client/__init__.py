"""The client: a connection with every domain on it."""
