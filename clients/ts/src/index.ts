export * from './events.js';
export * from './generated/index.js';
export * from './send.js';
export * from './tokens.js';
