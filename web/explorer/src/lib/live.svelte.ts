/** That the ledger has moved on, as the explorer tells it. */
import type { Schemas } from './api';

/** Milliseconds between two looks at what a page shows, however fast the ledger moves. */
const REST = 5_000;

export const live = $state<{ mark: Schemas['Mark'] | null; on: boolean }>({ mark: null, on: false });

/** Listens until it is told to end. */
export function listen(): () => void {
  const source = new EventSource('/api/v1/live');
  let told = 0;
  let waiting: number | undefined;
  source.onopen = () => {
    live.on = true;
  };
  source.onerror = () => {
    live.on = false;
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
  return () => {
    clearTimeout(waiting);
    source.close();
  };
}
