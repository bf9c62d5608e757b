// Saves what an address has, by the code of the pages; says what, and how often it was told to wait.
//
// usage: node saving.mjs, with {"address": …} on standard input
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

let given = '';
for await (const part of process.stdin) given += part;
const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { createServer } = await import(pathToFileURL(require.resolve('vite')).href);
const vite = await createServer({
  root: fileURLToPath(new URL('../../web/explorer/', import.meta.url)),
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  cacheDir: process.env.TMPDIR ? `${process.env.TMPDIR}/vite` : undefined,
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const { whole } = await vite.ssrLoadModule('/src/lib/api.ts');
let told = 0;
const blob = await whole(JSON.parse(given).address, () => (told += 1), new AbortController().signal);
await vite.close();
process.stdout.write(JSON.stringify({ told, text: await blob.text() }), () => process.exit(0));
