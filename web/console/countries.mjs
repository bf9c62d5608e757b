// Writes src/lib/countries.json: names of countries by their ISO 3166-1 numeric codes, from Natural Earth's data (public
// domain) as world-atlas packs it.
//
// usage: node countries.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const world = JSON.parse(readFileSync(new URL('../node_modules/world-atlas/countries-50m.json', import.meta.url)));
const names = new Map();
for (const { id, properties } of world.objects.countries.geometries) if (id && !names.has(id)) names.set(id, properties.name);
const sorted = [...names].sort(([, one], [, other]) => one.localeCompare(other, 'en'));
const lines = sorted.map(([code, name]) => ` [${Number(code)}, ${JSON.stringify(name)}]`);
writeFileSync(new URL('src/lib/countries.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
