"""IO: mint and emission, genesis, grants and airdrops, supply; and the currencies that jobs are paid in."""
