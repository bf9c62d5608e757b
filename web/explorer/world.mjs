// Draws the world for src/lib/world.json: outlines of countries in an equal-earth projection, by their ISO 3166-1
// numeric codes, from Natural Earth's data (public domain) as world-atlas packs it.
//
// usage: node world.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { geoEqualEarth, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';

const read = (name) => {
  const world = JSON.parse(readFileSync(new URL(`node_modules/world-atlas/${name}.json`, import.meta.url)));
  return feature(world, world.objects.countries).features.filter((each) => each.id);
};
const [coarse, fine] = [read('countries-110m'), read('countries-50m')];
const land = { type: 'FeatureCollection', features: coarse.filter((each) => each.id !== '010') };
const projection = geoEqualEarth().fitSize([960, 440], land);
const path = geoPath(projection).digits(1);
const names = {};
const points = {};
for (const each of fine) {
  names[each.id] ??= each.properties.name;
  points[each.id] ??= path.centroid(each).map((value) => Math.round(value));
}
const shapes = Object.fromEntries(land.features.map((each) => [each.id, path(each)]));
const content = { width: 960, height: 440, names, points, shapes };
writeFileSync(new URL('src/lib/world.json', import.meta.url), `${JSON.stringify(content)}\n`);
