/** Where the events are that an amount of a node's stake follows from. */
const MOVES = ['Staked', 'Activated', 'Unstaked', 'Compounded', 'Slashed', 'SlashSetApart', 'NodeDisproved', 'OwnerExpelled'];

export const staked = (node: string): string =>
  `/events?about=${node}${MOVES.map((type) => `&name=staking.${type}`).join('')}`;
