// Writes src/generated/<program> from ../../idl/<program>.json: what Codama makes of it, and its events.
//
// usage: node generate.mjs

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { rootNodeFromAnchor } from '@codama/nodes-from-anchor';
import { renderVisitor } from '@codama/renderers-js';
import { createFromRoot } from 'codama';

const home = path.dirname(fileURLToPath(import.meta.url));
const idls = path.join(home, '../../idl');
const generated = path.join(home, 'src/generated');
const NOTE = '// Written by generate.mjs; do not edit.\n\n';

fs.rmSync(generated, { recursive: true, force: true });
for (const file of fs.readdirSync(idls).filter((name) => name.endsWith('.json')).sort()) {
  const idl = JSON.parse(fs.readFileSync(path.join(idls, file), 'utf8'));
  const name = path.basename(file, '.json');
  const events = idl.events ?? [];
  const folder = path.join(generated, name);
  const codama = createFromRoot(rootNodeFromAnchor(forCodama(idl)));
  await codama.accept(renderVisitor(folder, { deleteFolderBeforeRendering: true, syncPackageJson: false }));
  fs.writeFileSync(path.join(folder, 'events.ts'), eventsModule(name, idl.address, events));
  fs.appendFileSync(path.join(folder, 'index.ts'), `export * from './events';\n${sameNames(idl)}`);
  named(folder);
}
const names = fs.readdirSync(generated).sort();
fs.writeFileSync(
  path.join(generated, 'index.ts'),
  NOTE + names.map((name) => `export * as ${name} from './${name}/index.js';\n`).join(''),
);

/**
 * Codama leaves types out that only events have, an account and an event may have one name, and `Args` is what it
 * calls the form of a type that encoders take.
 */
function forCodama(idl) {
  const events = new Set((idl.events ?? []).map((event) => event.name));
  const types = idl.types.map((type) => (events.has(type.name) ? { ...type, name: `${type.name}Event` } : type));
  const text = JSON.stringify({ ...idl, types, events: [] });
  const renamed = JSON.parse(text.replace(/"name":"(\w+)Args"/g, '"name":"$1Options"'));
  // Codama names a derivation's arguments as the first instruction does: as where the account is created.
  const makes = ({ name }) => (name.startsWith('create_') ? 0 : 1);
  const ordered = [...renamed.instructions].sort((left, right) => makes(left) - makes(right));
  return { ...renamed, instructions: ordered.map((call) => flat(call, renamed.types)) };
}

/** Arguments in one struct are as many arguments; Codama derives no address from a field of one. */
function flat(call, types) {
  const [only, ...others] = call.args;
  const struct = types.find(({ name }) => name === only?.type.defined?.name)?.type;
  if (others.length || struct?.kind !== 'struct') return call;
  const path = `"path":"${only.name}.`;
  return { ...call, args: struct.fields, accounts: JSON.parse(JSON.stringify(call.accounts).replaceAll(path, '"path":"')) };
}

/** An account and an instruction of one name both have a discriminator of that name: the account's is exported. */
function sameNames(idl) {
  const instructions = new Set(idl.instructions.map(({ name }) => name));
  const both = idl.accounts.map(({ name }) => name).filter((name) => instructions.has(snake(name)));
  return both
    .map((name) => `export { ${snake(name).toUpperCase()}_DISCRIMINATOR, get${name}DiscriminatorBytes } from './accounts';\n`)
    .join('');
}

function snake(name) {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}

function eventsModule(program, address, events) {
  const sorted = [...events].sort((left, right) => left.name.localeCompare(right.name));
  const imports = sorted.map(({ name }) => `  get${name}EventDecoder,\n  type ${name}Event,\n`).join('');
  const union = sorted.map(({ name }) => `\n  | { name: '${name}'; data: ${name}Event }`).join('');
  const rows = sorted
    .map(({ name, discriminator }) => `  ['${name}', [${discriminator.join(', ')}], get${name}EventDecoder()],\n`)
    .join('');
  return (
    `${NOTE}import type { Decoder } from '@solana/kit';\n\nimport {\n${imports}} from './types';\n\n` +
    `/** An event of the ${program} program. */\nexport type ProgramEvent =${union};\n\n` +
    `export const PROGRAM = '${address}';\n\n` +
    '/** Name, discriminator and decoder of each event. */\n' +
    `export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [\n${rows}];\n`
  );
}

/** Node.js wants the names of files in imports. */
function named(folder) {
  for (const entry of fs.readdirSync(folder, { recursive: true })) {
    const place = path.join(folder, entry);
    if (!place.endsWith('.ts')) continue;
    const text = fs.readFileSync(place, 'utf8').replace(/from (["'])(\.[^"']*)\1/g, (all, quote, target) => {
      const base = path.join(path.dirname(place), target);
      return `from ${quote}${fs.existsSync(`${base}.ts`) ? `${target}.js` : `${target}/index.js`}${quote}`;
    });
    fs.writeFileSync(place, text);
  }
}
