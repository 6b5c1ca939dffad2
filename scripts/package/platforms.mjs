// The platform packages `@sealwright/<name>`: a native addon each, of which npm installs the one that fits. They are made of
// this list and never committed; src/native.ts loads them by the same names.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inProject } from '../run.mjs';
import { SetupError } from '../setup.mjs';

/** A `{name, rust}` each: the name, as `os-cpu` with the C library or its stand-in behind it, and Rust's name of the target. */
export const platforms = [
  { name: 'linux-x64-gnu', rust: 'x86_64-unknown-linux-gnu' },
  { name: 'linux-arm64-gnu', rust: 'aarch64-unknown-linux-gnu' },
  { name: 'linux-x64-musl', rust: 'x86_64-unknown-linux-musl' },
  { name: 'linux-arm64-musl', rust: 'aarch64-unknown-linux-musl' },
  { name: 'darwin-arm64', rust: 'aarch64-apple-darwin' },
  { name: 'darwin-x64', rust: 'x86_64-apple-darwin' },
  { name: 'win32-x64-gnu', rust: 'x86_64-pc-windows-gnu' },
  { name: 'win32-arm64-gnu', rust: 'aarch64-pc-windows-gnullvm' },
];

/** The platforms of these names, all of them for none. Throws for a name that there is not. */
export function platformsNamed(names) {
  const unknown = names.filter((name) => !platforms.some((platform) => platform.name === name));
  if (unknown.length > 0) {
    throw new SetupError(`there is no platform ${unknown.join(', ')}; there are ${platforms.map(({ name }) => name).join(', ')}`);
  }
  return platforms.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** What the published package depends on: the exact version of each platform package. */
export function optionalDependencies() {
  const { version } = rootManifest();
  return Object.fromEntries(platforms.map(({ name }) => [`@sealwright/${name}`, version]));
}

/** The package.json of a platform package. */
export function platformManifest(name) {
  const { version, license, engines, repository } = rootManifest();
  const [os, cpu, abi] = name.split('-');
  const libc = os === 'linux' ? { libc: [abi === 'gnu' ? 'glibc' : 'musl'] } : {};
  return {
    name: `@sealwright/${name}`,
    version,
    description: `The native addon of sealwright for ${name}`,
    license,
    ...(repository === undefined ? {} : { repository }),
    main: addonName(name),
    files: [addonName(name), 'THIRD_PARTY.md'],
    engines,
    os: [os],
    cpu: [cpu],
    ...libc,
  };
}

/** The name of the only file of code in a platform package, the same as that of a local build. */
export const addonName = (name) => `sealwright.${name}.node`;

/** The platform that an addon is for, by its name. */
export const platformOf = (addon) => /^sealwright\.(.+)\.node$/.exec(basename(addon))?.[1];

/** Makes a platform package of an addon, in a folder that is emptied first. */
export function layOutPlatform(folder, name, addon) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, join(folder, addonName(name)));
  for (const file of ['LICENSE', 'THIRD_PARTY.md']) copyFileSync(inProject(file), join(folder, file));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(platformManifest(name), undefined, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), readme(name));
}

const readme = (name) => `# @sealwright/${name}

The native addon of [sealwright](https://www.npmjs.com/package/sealwright) for ${name}. npm installs it with that package where
it fits; install \`sealwright\`, not this.
`;

const rootManifest = () => JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
