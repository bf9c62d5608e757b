"""Domain namespaces: `client.staking.stake(...)` and so on, on top of the generic client."""
