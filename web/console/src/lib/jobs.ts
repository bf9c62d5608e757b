/** What jobs do at the moment, as far as a page has to know. */
import type { Schemas } from './api';

type Job = Pick<Schemas['Job'], 'state' | 'stopped_at' | 'ends_at' | 'now'>;

/** Whether a job can still be stopped or extended. One that was stopped, or whose time is over, waits to be attested. */
export const runs = (it: Job): boolean => it.state === 'running' && !it.stopped_at && it.now < it.ends_at;

/** Where jobs stand, in a word: that of the API, which knows no stop that is not attested. */
export function standing(state: string, jobs: readonly Job[]): string {
  return state === 'running' && !jobs.some(runs) && jobs.some((job) => job.stopped_at) ? 'stopped' : state;
}
