/** Where the reader is: path and query of the address, followed without loading the document again. */

interface Place {
  path: string;
  query: URLSearchParams;
}

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

export const route = $state<{ place: Place }>({ place: here() });

export function go(href: string): void {
  history.pushState(null, '', href);
  route.place = here();
  scrollTo(0, 0);
  // Readers who cannot see the change are told by where the focus is.
  document.getElementById('main')?.focus();
}

/** An address of a page; a past time that the reader looks at goes along. */
export function page(path: string, query: Record<string, string | number | null> = {}): string {
  const [bare = '', given = ''] = path.split('?');
  const words = new URLSearchParams(given);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null) words.set(name, String(value));
  }
  const at = route.place.query.get('at');
  if (at !== null && !words.has('at')) words.set('at', at);
  const text = words.toString();
  return text ? `${bare}?${text}` : bare;
}

/** Follows links of these pages, and the browser's way back. */
export function listen(): () => void {
  const back = (): void => {
    route.place = here();
  };
  const click = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.target || link.hasAttribute('download')) return;
    const href = link.getAttribute('href');
    if (href === null || !href.startsWith('/') || href.startsWith('/api/')) return;
    event.preventDefault();
    go(href);
  };
  addEventListener('popstate', back);
  document.addEventListener('click', click);
  return () => {
    removeEventListener('popstate', back);
    document.removeEventListener('click', click);
  };
}
