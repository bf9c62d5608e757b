"""`ionet dao`: proposals, votes and the treasury."""
