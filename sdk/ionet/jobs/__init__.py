"""Offers, bookings, and the life of a job until everyone is paid."""
