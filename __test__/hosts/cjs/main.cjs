// A host that requires: the package and every further subpath that it exports. What they load must have been installed
// with the package: nothing may come from a folder above, where development dependencies lie. The package by itself loads
// none of its dependencies, which are for the subpaths.

const { dirname, join, sep } = require('node:path');
const smoke = require('../smoke.cjs');
const subpaths = require('../subpaths.json');

const project = dirname(__dirname);
const packages = join(project, 'node_modules');
const own = [join(packages, 'sealwright'), join(packages, '@sealwright')];

async function main() {
  const sealwright = require('sealwright');
  expectLoaded((file) => !file.startsWith(packages) || own.some((folder) => file.startsWith(folder + sep)));
  await smoke(sealwright, require('sealwright/crosscheck'));
  for (const subpath of subpaths) {
    if (Object.keys(require(subpath)).length === 0) throw new Error(`${subpath} exports nothing`);
  }
  expectLoaded((file) => file.startsWith(project + sep));
}

function expectLoaded(isExpected) {
  const strangers = Object.keys(require.cache).filter((file) => !isExpected(file));
  if (strangers.length > 0) throw new Error(`loaded from elsewhere: ${strangers.join(', ')}`);
}

main();
