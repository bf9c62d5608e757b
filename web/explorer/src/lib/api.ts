/** The explorer's API, with the types of its own description. */
import type { components } from './schema';

export { Coming, read, Refused, send, url, whole, type Money } from '../../../common/api';
export type Schemas = components['schemas'];
