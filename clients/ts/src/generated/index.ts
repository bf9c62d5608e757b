// Written by generate.mjs; do not edit.

export * as buyback from './buyback/index.js';
export * as distributor from './distributor/index.js';
export * as governance from './governance/index.js';
export * as jobs from './jobs/index.js';
export * as mint from './mint/index.js';
export * as proofs from './proofs/index.js';
export * as staking from './staking/index.js';
