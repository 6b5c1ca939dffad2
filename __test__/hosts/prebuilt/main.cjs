// A host that knows which addon it must get: `main.cjs PLATFORM VECTORS`. The addon of that platform package and no other is
// loaded; it records and verifies, and gives for every golden chain and mutation what is expected of it.

const { strict: assert } = require('node:assert');
const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const smoke = require('../smoke.cjs');

const [platform, vectors] = process.argv.slice(2);

async function main() {
  const sealwright = require('sealwright');
  const addons = Object.keys(require.cache).filter((file) => file.endsWith('.node'));
  const packages = join(dirname(__dirname), 'node_modules', '@sealwright');
  assert.deepEqual(addons, [join(packages, platform, `sealwright.${platform}.node`)]);
  await smoke(sealwright, require('sealwright/crosscheck'));
  const chains = Object.entries(expectationsOf('chains')).flatMap(([name, cases]) =>
    cases.map(({ options, expect }) => [`chains/${name}`, options, { ...expect, class: expect.verdict }]),
  );
  const mutations = Object.entries(expectationsOf('mutations')).map(([name, { options, expect }]) => [
    `mutations/${name}`,
    options,
    expect,
  ]);
  for (const vector of [...chains, ...mutations]) await check(sealwright, ...vector);
  console.log(`${chains.length} chains, ${mutations.length} mutations`);
}

const expectationsOf = (set) => JSON.parse(readFileSync(join(vectors, set, 'expected.json'), 'utf8'));

async function check({ ChainError, verifyFile }, name, options, expected) {
  const { checks, class: verdict, ...members } = expected;
  const found = await verifyFile(join(vectors, `${name}.ndjson`), options).then(
    (report) => report.toJSON(),
    (error) => {
      // A key that nothing can be signed with is refused by name.
      if (error.code === 'ERR_PUBLIC_KEY') return undefined;
      if (!ChainError.is(error)) throw error;
      const { code, line, byteOffset, report } = error;
      return { ...report.toJSON(), verdict: 'error', code, line, byteOffset };
    },
  );
  if (found === undefined) return;
  assert.equal(found.verdict, verdict, name);
  for (const [member, value] of Object.entries(members)) assert.deepEqual(found[member], value, `${name}: ${member}`);
  for (const [member, value] of Object.entries(checks ?? {})) assert.deepEqual(found.checks[member], value, `${name}: ${member}`);
}

main();
