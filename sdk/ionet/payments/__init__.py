"""Cards for compute: a card is charged, and a node is booked on the chain in USDC for the customer's key.

`machine` says what may happen to a payment, as pure functions; `books` keeps it, with every movement posted
twice; `cashier` does what it asks of cards and chain, and can be killed at any moment.
"""
