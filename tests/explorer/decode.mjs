// Reads transactions as the pages do, and says what each does, or why it is refused; see test_decoding.py.
//
// usage: node decode.mjs, with {"wish": …, "transactions": [HEX, …]} on standard input
//   also "site": another one's pages than the explorer's, "wishes": one for each transaction, "integers": their names
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

let given = '';
for await (const part of process.stdin) given += part;
const { site = 'explorer', wish, wishes, integers = ['amount'], transactions } = JSON.parse(given);
const root = fileURLToPath(new URL(`../../web/${site}/`, import.meta.url));
const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { createServer } = await import(pathToFileURL(require.resolve('vite')).href);
// The very modules that the pages are built from.
const vite = await createServer({
  root,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  cacheDir: process.env.TMPDIR ? `${process.env.TMPDIR}/vite` : undefined,
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const { check } = await vite.ssrLoadModule('/src/lib/check.ts');
const wanted = (given) => ({
  ...given,
  // Of several wishes in one, each has its own.
  ...('of' in given ? { of: given.of.map(wanted) } : {}),
  ...('first' in given ? { first: wanted(given.first) } : {}),
  ...Object.fromEntries(integers.filter((name) => name in given).map((name) => [name, given[name] === null ? null : BigInt(given[name])])),
});
const said = [];
for (const [number, hex] of transactions.entries()) {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
  try {
    const { does, message } = await check(bytes, wanted(wishes?.[number] ?? wish));
    said.push({ does, message: Buffer.from(message).toString('hex') });
  } catch (error) {
    if (error.constructor.name !== 'Unexpected') throw error;
    said.push({ refused: error.message });
  }
}
await vite.close();
process.stdout.write(JSON.stringify(said), () => process.exit(0));
