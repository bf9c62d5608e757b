'use strict';
// A local Solana JSON-RPC node with this repository's programs: surfpool's engine behind fixed loopback ports.
// Started by scripts/localnet, whose --help describes the options; NODE_PATH leads to the engine.
//
// The engine speaks HTTP and websockets on ports of its own choosing. The websocket is passed on as it is; HTTP goes
// through here, because of what the engine does differently from a validator:
//   - blockTime of getTransaction and getBlock is in units of 1,000 seconds: getBlockTime's answer takes its place
//   - getBlock without an encoding answers null: "json" is the documented default
//   - minContextSlot of getSignaturesForAddress hides the transactions before that slot: it says that the answer must
//     not be older
//   - an airdrop above the faucet's own balance fails as a whole transaction: the limit is said up front
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { Surfnet } = require('@solana/surfpool-linux-x64-gnu');

const HOST = '127.0.0.1';
const LAMPORTS = 1_000_000_000;
const FAUCET_SOL = 900_000;
const MAX_BODY = 16 * 1024 * 1024;
const AMENDED = ['getBlock', 'getSignaturesForAddress', 'getTransaction', 'requestAirdrop'];

const fail = (text, status = 1) => {
  console.error(`localnet: ${text}`);
  process.exit(status);
};

function options() {
  const string = { type: 'string' };
  const many = { type: 'string', multiple: true, default: [] };
  const { values } = parseArgs({
    options: {
      'rpc-port': { ...string, default: '8899' },
      'slot-ms': { ...string, default: '400' },
      mode: { ...string, default: 'clock' },
      programs: string,
      idl: string,
      examples: string,
      authority: string,
      airdrop: many,
      'ready-file': string,
    },
  });
  const port = Number(values['rpc-port']);
  const slotMs = Number(values['slot-ms']);
  if (!(Number.isInteger(port) && port > 0 && port < 65_535)) throw new Error('--rpc-port is 1 to 65534');
  if (!(Number.isInteger(slotMs) && slotMs > 0)) throw new Error('--slot-ms is a whole number of milliseconds');
  if (!['clock', 'transaction'].includes(values.mode)) throw new Error('--mode is clock or transaction');
  return { ...values, port, slotMs };
}

// The programs of a directory, with their ids from the IDLs beside them or in `idl`. Those of `examples` are built
// beside the market's, and left out.
function programs(directory, idl, examples) {
  const files = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
  const found = files.filter((name) => name.endsWith('.so')).sort();
  if (!found.length) fail(`no programs in ${directory}; run scripts/build`);
  return found.flatMap((file) => {
    const name = file.slice(0, -'.so'.length);
    const described = [directory, idl].map((place) => path.join(place, `${name}.json`)).find((p) => fs.existsSync(p));
    // An example's program, of which only its own test knows.
    if (!described && fs.existsSync(path.join(examples, name, 'Cargo.toml'))) return [];
    if (!described) fail(`${name}: no IDL in ${directory} or ${idl}; run scripts/build`);
    const { address } = JSON.parse(fs.readFileSync(described, 'utf8'));
    return [{ name, id: address, file: path.join(directory, file) }];
  });
}

const agent = new http.Agent({ keepAlive: true });

// POST a body to the engine; resolves to status and text.
function post(url, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method: 'POST', headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function call(url, method, params = []) {
  const { text } = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  const { result, error } = JSON.parse(text);
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

// What a validator would have understood.
function amendRequest(request) {
  if (request?.method === 'getBlock' && Array.isArray(request.params)) {
    const [slot, config] = request.params;
    const given = typeof config === 'string' ? { encoding: config } : config;
    return { ...request, params: [slot, { encoding: 'json', transactionDetails: 'full', ...given }] };
  }
  if (request?.method === 'getSignaturesForAddress' && Array.isArray(request.params)) {
    const [address, config] = request.params;
    return { ...request, params: [address, config ? { ...config, minContextSlot: undefined } : config] };
  }
  return request;
}

// What a validator would have answered.
async function amendResponse(url, request, response) {
  const slot = { getTransaction: response?.result?.slot, getBlock: request?.params?.[0] }[request?.method];
  if (response?.result && slot !== undefined) response.result.blockTime = await call(url, 'getBlockTime', [slot]);
  return response;
}

async function refusal(url, request) {
  const [, config] = request?.method === 'getSignaturesForAddress' && Array.isArray(request.params) ? request.params : [];
  if (Number.isInteger(config?.minContextSlot)) {
    const contextSlot = await call(url, 'getSlot', [{ commitment: config.commitment ?? 'finalized' }]);
    const message = 'Minimum context slot has not been reached';
    if (contextSlot < config.minContextSlot)
      return { jsonrpc: '2.0', id: request.id ?? null, error: { code: -32016, message, data: { contextSlot } } };
  }
  const [, lamports] = request?.method === 'requestAirdrop' && Array.isArray(request.params) ? request.params : [];
  if (!(lamports > FAUCET_SOL * LAMPORTS)) return undefined;
  const message = `airdrop of ${lamports} lamports: the faucet has ${FAUCET_SOL} SOL in all; ask for less`;
  return { jsonrpc: '2.0', id: request.id ?? null, error: { code: -32602, message } };
}

async function answer(url, body) {
  let requests;
  try {
    requests = JSON.parse(body);
  } catch {
    return post(url, body);
  }
  const batch = Array.isArray(requests);
  const list = batch ? requests : [requests];
  if (!list.some((r) => AMENDED.includes(r?.method))) return post(url, body);
  const answers = [];
  let status = 200;
  for (const request of list) {
    const refused = await refusal(url, request);
    if (refused) {
      answers.push(refused);
      continue;
    }
    const response = await post(url, JSON.stringify(amendRequest(request)));
    status = Math.max(status, response.status);
    // A notification has no answer.
    if (response.text) answers.push(await amendResponse(url, request, JSON.parse(response.text)));
  }
  return { status, text: JSON.stringify(batch ? answers : answers[0]) };
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
}

function serveRpc(url, port) {
  const cors = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*',
    'access-control-allow-methods': 'POST, GET, OPTIONS',
  };
  const server = http.createServer((request, response) => {
    const reply = (status, text, type = 'application/json') => {
      response.writeHead(status, { ...cors, 'content-type': type });
      response.end(text);
    };
    if (request.method === 'OPTIONS') return reply(204, '');
    if (request.method === 'GET') return request.url === '/health' ? reply(200, 'ok', 'text/plain') : reply(404, '');
    const chunks = [];
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
      if (size > MAX_BODY) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      answer(url, Buffer.concat(chunks).toString()).then(
        ({ status, text }) => reply(status, text),
        (error) => reply(502, JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32603, message: String(error) } })),
      );
    });
    return undefined;
  });
  return listen(server, port);
}

function serveSocket(url, port) {
  const target = Number(new URL(url).port);
  const server = net.createServer((client) => {
    const engine = net.connect(target, HOST);
    const close = () => {
      client.destroy();
      engine.destroy();
    };
    client.on('error', close).on('close', close);
    engine.on('error', close).on('close', close);
    client.pipe(engine).pipe(client);
  });
  return listen(server, port);
}

async function main() {
  let asked;
  try {
    asked = options();
  } catch (error) {
    fail(`${error.message} (see scripts/localnet --help)`, 2);
  }
  const engine = Surfnet.startWithConfig({
    offline: true,
    blockProductionMode: asked.mode,
    slotTimeMs: asked.slotMs,
    airdropSol: 100_000 * LAMPORTS,
    airdropAddresses: asked.airdrop,
  });
  // The engine's own log queue grows without bound unless someone reads it.
  const drain = setInterval(() => engine.drainEvents(), 500);
  const stop = () => {
    clearInterval(drain);
    if (asked['ready-file']) fs.rmSync(asked['ready-file'], { force: true });
    try {
      engine.stop();
    } finally {
      process.exit(0);
    }
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);

  const deployed = programs(asked.programs, asked.idl, asked.examples);
  for (const { id, file } of deployed) {
    engine.deploy({ programId: id, soPath: file });
    await call(engine.rpcUrl, 'surfnet_setProgramAuthority', [id, asked.authority ?? engine.payer]);
  }
  await serveRpc(engine.rpcUrl, asked.port);
  await serveSocket(engine.wsUrl, asked.port + 1);

  const rpc = `http://${HOST}:${asked.port}`;
  const health = await call(rpc, 'getHealth');
  if (health !== 'ok') fail(`the node answers ${JSON.stringify(health)} to getHealth`);
  const ready = {
    rpc,
    ws: `ws://${HOST}:${asked.port + 1}`,
    payer: engine.payer,
    authority: asked.authority ?? engine.payer,
    programs: Object.fromEntries(deployed.map(({ name, id }) => [name, id])),
  };
  console.log(JSON.stringify(ready));
  if (asked['ready-file']) {
    // In one step: whoever waits for the file never reads half of it. It holds a key, of play money.
    const temporary = `${asked['ready-file']}.new`;
    const content = { ...ready, payerSecretKey: Array.from(engine.payerSecretKey) };
    fs.writeFileSync(temporary, JSON.stringify(content), { mode: 0o600 });
    fs.renameSync(temporary, asked['ready-file']);
  }
}

main().catch((error) => fail(error.code === 'EADDRINUSE' ? `port ${error.port} is in use; choose another with --rpc-port` : error.message));
