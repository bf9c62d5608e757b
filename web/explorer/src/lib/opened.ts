/** Pages of the events that the API names. */

/** Of some of the types alone; none: of all of them. */
export function opened(address: string, ...types: string[]): string {
  const words = new URLSearchParams(address.split('?')[1]);
  if (types.length) {
    words.delete('name');
    for (const type of types) words.append('name', type);
  }
  return `/events?${words.toString()}`;
}

/** … from the beginning, up to the time that it names. */
export function upto(address: string, ...types: string[]): string {
  const words = new URLSearchParams(opened(address, ...types).split('?')[1]);
  words.delete('since');
  return `/events?${words.toString()}`;
}

const DAY = 86_400;

/** The beginning of the thirty days until a time, Unix seconds, as the API counts them. */
export const month = (time: number): number => (Math.floor(time / DAY) - 29) * DAY;
