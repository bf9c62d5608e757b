"""Hardware classes, devices, nodes, stake and slashes."""
