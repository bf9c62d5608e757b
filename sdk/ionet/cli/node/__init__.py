"""`ionet node`: hardware classes, devices, nodes and networks."""
