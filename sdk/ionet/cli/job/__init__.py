"""`ionet job`: renting nodes, and supplying them."""
