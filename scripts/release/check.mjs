// node scripts/release/check.mjs TAG [OWNER/REPOSITORY]: whether a commit may be released under this tag. Says each reason
// why not, and ends with 1.

import { readFileSync } from 'node:fs';
import { inProject } from '../run.mjs';

const [tag, repository] = process.argv.slice(2);
const text = (name) => readFileSync(inProject(name), 'utf8');
const { version, repository: named } = JSON.parse(text('package.json'));
const inLock = JSON.parse(text('package-lock.json')).packages[''].version;
const ofCrates = /^\[workspace\.package\]\nversion = "(.*)"$/m.exec(text('Cargo.toml'))?.[1];
const heading = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}$`, 'm');

const problems = [
  [tag !== `v${version}`, `the tag is ${tag}, package.json has version ${version}`],
  [inLock !== version, `package-lock.json has version ${inLock}, package.json ${version}`],
  [ofCrates !== version, `Cargo.toml has version ${ofCrates}, package.json ${version}`],
  [!heading.test(text('CHANGELOG.md')), `CHANGELOG.md has no dated section of ${version}`],
  // npm compares it with the repository that the workflow runs in, and refuses the provenance where they differ.
  [
    repository !== undefined && named?.url !== `git+https://github.com/${repository}.git`,
    `package.json names the repository ${named?.url}, this is ${repository}`,
  ],
]
  .filter(([wrong]) => wrong)
  .map(([, problem]) => problem);

for (const problem of problems) console.log(`check: ${problem}`);
if (problems.length === 0) console.log(`check: ${tag} may be released`);
process.exitCode = problems.length === 0 ? 0 : 1;
