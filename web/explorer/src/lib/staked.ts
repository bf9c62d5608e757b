/** Where the events are that an amount of a node's stake follows from. */
const MOVES = ['Staked', 'Activated', 'Unstaked', 'Compounded', 'Slashed', 'SlashSetApart', 'NodeDisproved', 'OwnerExpelled'];

export const staked = (node: string): string =>
  `/events?about=${node}${MOVES.map((type) => `&name=staking.${type}`).join('')}`;

/** … of one side alone. */
export const stakedBy = (node: string, side: 'own' | 'co'): string => `${staked(node)}&side=${side}`;

/** … of how many processors it has. */
export const units = (node: string): string =>
  `/events?about=${node}${['NodeRegistered', 'UnitsSet', 'NodeLowered'].map((type) => `&name=staking.${type}`).join('')}`;
