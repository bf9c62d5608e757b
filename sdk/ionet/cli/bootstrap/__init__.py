"""`ionet admin bootstrap`: a market as a file says it, from programs that are deployed."""
