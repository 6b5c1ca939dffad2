// A host that requires: the package and every further subpath that it exports. What that loads must have been installed
// with the package: nothing may come from a folder above, where development dependencies lie.

const { dirname, sep } = require('node:path');
const smoke = require('../smoke.cjs');
const subpaths = require('../subpaths.json');

async function main() {
  await smoke(require('sealwright'));
  for (const subpath of subpaths) {
    if (Object.keys(require(subpath)).length === 0) throw new Error(`${subpath} exports nothing`);
  }
  const project = dirname(__dirname);
  const strangers = Object.keys(require.cache).filter((file) => !file.startsWith(project + sep));
  if (strangers.length > 0) throw new Error(`loaded from elsewhere: ${strangers.join(', ')}`);
}

main();
