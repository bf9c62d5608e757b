"""`ionet login`, `logout` and `whoami`: a session key instead of a wallet on this machine."""
