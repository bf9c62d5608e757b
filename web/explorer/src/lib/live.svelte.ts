/** That the ledger has moved on, as the explorer tells it. */
import type { Schemas } from './api';

/** Milliseconds between two looks at what a page shows, however fast the ledger moves. */
const REST = 5_000;
/** Milliseconds until a stream that was refused is asked for again. */
const AGAIN = 3_000;

export const live = $state<{ mark: Schemas['Mark'] | null; on: boolean }>({ mark: null, on: false });

/** Listens until it is told to end. */
export function listen(): () => void {
  let source: EventSource;
  let told = 0;
  let waiting: number | undefined;
  let again: number | undefined;
  const open = (): void => {
    source = new EventSource('/api/v1/live');
    source.onopen = () => {
      live.on = true;
    };
    source.onerror = () => {
      live.on = false;
      // Browsers come back to a stream that ended, and give up one that was refused, as by a proxy of a service that restarts.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN);
    };
    source.onmessage = (event: MessageEvent<string>) => {
      const mark = JSON.parse(event.data) as Schemas['Mark'];
      const tell = (): void => {
        told = Date.now();
        live.mark = mark;
      };
      clearTimeout(waiting);
      waiting = setTimeout(tell, Math.max(0, told + REST - Date.now()));
    };
  };
  open();
  return () => {
    clearTimeout(waiting);
    clearTimeout(again);
    source.close();
  };
}
