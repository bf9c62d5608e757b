"""The public gateway: what clients reach over HTTP. Needs the extra `gateway`."""
