"""`ionet worker`: a supplier's machine."""
