// What runs on others' machines: the workflows in .github, as two linters see them, and the scripts of a release.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionlintPath, zizmorPath } from '../parts.mjs';
import { publicationOrder, readPackages, rootName } from '../release/packages.mjs';
import { inProject, run } from '../run.mjs';
import { requireSuccess, runTests } from './result.mjs';

const workflowFolder = inProject('.github', 'workflows');

/** Nine tests. */
export async function workflows({ parts, folder }) {
  return runTests(
    [
      ['actionlint has nothing to say of the workflows', ['actionlint'], actionlint],
      ['zizmor has nothing to say of them', ['zizmor'], zizmor],
      ['every job has a time limit, and says what it may do', [], limits],
      ['every action is pinned to a commit, one to each name', [], pins],
      ['platforms are published before the root that names them', [], order],
      ['tarballs that do not belong together are not published', [], refusals],
      ['what a release shows has the digests that it says', [], () => assets(join(folder, 'release'))],
      ['a tag that is not of the version is not released', [], wrongTag],
      ['a package is published once, and another of its version is refused', [], () => published(join(folder, 'publish'))],
    ],
    parts,
  );
}

async function actionlint() {
  // What it would find of shell scripts must not hang on what the machine has.
  const files = readdirSync(workflowFolder).map((name) => join(workflowFolder, name));
  const outcome = await run(actionlintPath, ['-no-color', '-shellcheck=', '-pyflakes=', ...files]);
  requireSuccess(outcome, 'actionlint');
}

async function zizmor() {
  requireSuccess(await run(zizmorPath, ['--offline', '--no-progress', '--quiet', '--persona=auditor', '.github']), 'zizmor');
}

/** The linters leave that open. A job that calls a workflow has the limits of its jobs. */
function limits() {
  for (const { name, text } of workflowTexts()) {
    assert.match(text, /^permissions: \{\}$/m, name);
    const jobs = text.split(/^jobs:$/m)[1].split(/^ {2}(?=\S)/m).slice(1);
    assert.ok(jobs.length > 0, name);
    for (const job of jobs) {
      const title = `${name}: ${job.split(':')[0]}`;
      assert.match(job, /^ {4}permissions:$/m, title);
      if (!/^ {4}uses:/m.test(job)) assert.match(job, /^ {4}timeout-minutes: \d+$/m, title);
    }
  }
}

function pins() {
  const commits = new Map();
  for (const { name, text } of workflowTexts()) {
    for (const [line, action] of text.matchAll(/uses: (?!\.\/)(.*)$/gm)) {
      const [, repository, commit] = /^(\S+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(action) ?? assert.fail(`${name}: ${line}`);
      assert.equal(commits.get(repository) ?? commit, commit, `${name}: ${repository} in two versions`);
      commits.set(repository, commit);
    }
  }
  assert.ok(commits.size > 0);
}

function workflowTexts() {
  return readdirSync(workflowFolder).map((name) => ({ name, text: readFileSync(join(workflowFolder, name), 'utf8') }));
}

/** Packages as `readPackages` tells of them. */
const platform = (name, version = '1.2.3') => ({ manifest: { name: `@sealwright/${name}`, version } });
const root = (...names) => ({
  manifest: {
    name: rootName,
    version: '1.2.3',
    optionalDependencies: Object.fromEntries(names.map((name) => [`@sealwright/${name}`, '1.2.3'])),
  },
});

function order() {
  const ordered = publicationOrder([platform('win32-x64'), root('linux-x64-gnu', 'win32-x64'), platform('linux-x64-gnu')]);
  assert.deepEqual(
    ordered.map(({ manifest }) => manifest.name),
    ['@sealwright/linux-x64-gnu', '@sealwright/win32-x64', rootName],
  );
}

function refusals() {
  const refused = (packages, message) => assert.throws(() => publicationOrder(packages), { message });
  refused([platform('linux-x64-gnu')], 'there is no tarball of sealwright');
  refused([root()], 'there is no platform package');
  refused([root('a'), platform('a'), platform('b')], '@sealwright/b 1.2.3 is not named by the root');
  refused([root('a', 'b'), platform('a')], '@sealwright/b 1.2.3 is named by the root and has no tarball');
  refused([root('a'), platform('a', '1.2.4')], /@sealwright\/a has version 1\.2\.4, the root 1\.2\.3/);
  const elsewhere = platform('a');
  elsewhere.manifest.repository = { type: 'git', url: 'git+https://github.com/nobody/nothing.git' };
  refused([root('a'), elsewhere], '@sealwright/a names another repository than the root');
}

async function assets(folder) {
  const tarballs = await packRelease(folder);
  const shown = join(folder, 'shown');
  requireSuccess(await run(process.execPath, ['scripts/release/assets.mjs', tarballs, shown]), 'assets');
  assert.equal(readFileSync(join(shown, 'viewer.html'), 'utf8'), 'the viewer');
  assert.deepEqual(checkedSums(shown, 'viewer.html.sha256'), ['viewer.html']);
  assert.deepEqual(checkedSums(shown, 'SHA256SUMS'), ['sealwright-1.2.3.tgz', 'sealwright-linux-x64-gnu.tgz', 'viewer.html']);
  assert.match(readFileSync(`${shown}-notes.md`, 'utf8'), /^\S/);
}

/** The names in a list of digests, each of which has to be that of its file. */
function checkedSums(folder, list) {
  const lines = readFileSync(join(folder, list), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [, digest, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line);
    assert.equal(createHash('sha256').update(readFileSync(join(folder, name))).digest('hex'), digest, name);
    return name;
  });
}

async function wrongTag() {
  const { code, output } = await run(process.execPath, ['scripts/release/check.mjs', 'v999.0.0', 'nobody/nothing']);
  assert.equal(code, 1, output);
  assert.match(output, /^check: the tag is v999\.0\.0, package\.json has version /m);
  assert.match(output, /this is nobody\/nothing$/m);
}

/** Against a program in npm's place, which writes down what it was asked, and knows one package. */
async function published(folder) {
  const tarballs = await packRelease(folder);
  const [{ integrity }] = publicationOrder(await readPackages(tarballs));
  const program = join(folder, 'npm-cli.js');
  const asked = join(folder, 'asked.txt');
  writeFileSync(program, npmProgram);
  const publish = (known) => {
    writeFileSync(asked, '');
    const env = { npm_execpath: program, ASKED: asked, KNOWN: known };
    return run(process.execPath, ['scripts/release/publish.mjs', tarballs], { env });
  };
  requireSuccess(await publish(integrity), 'publish');
  assert.match(readFileSync(asked, 'utf8'), /^publish \S+sealwright-1\.2\.3\.tgz --provenance --access public --tag latest --ignore-scripts\n$/);
  const { code, output } = await publish('sha512-other');
  assert.equal(code, 1);
  assert.match(output, /the registry has another @sealwright\/linux-x64-gnu 1\.2\.3: sha512-other/);
  assert.equal(readFileSync(asked, 'utf8'), '');
}

const npmProgram = `const [, , command, name, ...rest] = process.argv;
if (command === 'publish') require('node:fs').appendFileSync(process.env.ASKED, [command, name, ...rest].join(' ') + '\\n');
else if (name === '@sealwright/linux-x64-gnu@1.2.3') console.log(JSON.stringify(process.env.KNOWN));
else { console.log('npm error code E404'); process.exitCode = 1; }
`;

/** A release of two packages, as tarballs in a folder. */
async function packRelease(folder) {
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs, { recursive: true });
  for (const [file, { manifest }] of [['sealwright-1.2.3', root('linux-x64-gnu')], ['sealwright-linux-x64-gnu', platform('linux-x64-gnu')]]) {
    const place = join(folder, file, 'package');
    mkdirSync(join(place, 'dist', 'viewer'), { recursive: true });
    writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(place, 'dist', 'viewer', 'viewer.html'), 'the viewer');
    requireSuccess(await run('tar', ['-czf', join(tarballs, `${file}.tgz`), '-C', join(folder, file), 'package']), 'tar');
  }
  return tarballs;
}
