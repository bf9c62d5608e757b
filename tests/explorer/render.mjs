// Renders parts of pages to HTML, as a server would: nothing is asked for, and no browser is needed.
//
// usage: node render.mjs, with {"site": …, "parts": [{"part": PATH, "given": {…}}, …]} on standard input
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

let given = '';
for await (const part of process.stdin) given += part;
const { site = 'explorer', parts } = JSON.parse(given);
const root = fileURLToPath(new URL(`../../web/${site}/`, import.meta.url));
const require = createRequire(new URL('../../web/package.json', import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { createServer } = await load('vite');
const { svelte } = await load('@sveltejs/vite-plugin-svelte');
// The pages look at where they are.
globalThis.location = new URL('http://pages.test/');
const vite = await createServer({
  root,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  plugins: [svelte({ configFile: false, compilerOptions: { generate: 'server' } })],
  cacheDir: process.env.TMPDIR ? `${process.env.TMPDIR}/vite` : undefined,
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const { render } = await vite.ssrLoadModule('svelte/server');
const made = [];
for (const { part, given } of parts) {
  const { default: Part } = await vite.ssrLoadModule(`/src/${part}`);
  made.push(render(Part, { props: given }).body);
}
await vite.close();
process.stdout.write(JSON.stringify(made), () => process.exit(0));
