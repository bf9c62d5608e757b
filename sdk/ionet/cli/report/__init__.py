"""`ionet report`: hourly reports of rewards."""
