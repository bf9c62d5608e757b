#!/usr/bin/env python3
"""Counts the prime numbers from one number up to another."""

import sys

start, stop = map(int, sys.argv[1:])
print(sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(start, stop)))
