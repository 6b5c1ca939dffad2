// The bill of materials (SBOM) of the package, as CycloneDX 1.6 in JSON: what THIRD_PARTY.md lists, the dependencies that an
// installation brings, and what compilers add. `npm sbom` knows only the dependencies, cargo-cyclonedx what a build uses
// rather than what is linked, and neither what a bundler took. So the lists are those of third-party.mjs, and the
// dependencies those of `npm sbom`. CycloneDX's own library writes and validates.
//
// Two bills of one commit, made with one compiler, have the same bytes: no time, no serial number.

import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { inProject, projectRoot, run, runNpm } from '../run.mjs';
import { SetupError } from '../setup.mjs';
import { bundledPackages, compiledCrates } from './third-party.mjs';

/** How a component got into an installation. Each has a property of this name with one of these values. */
export const wayProperty = 'sealwright:way';
export const ways = { compiled: 'compiled', bundled: 'bundled', installed: 'installed', toolchain: 'toolchain' };

/** The text of the bill. Throws a SetupError where it does not follow CycloneDX's schema. */
export async function billOfMaterials() {
  const { Enums, Models, Serialize, Spec, Validation } = await import('@cyclonedx/cyclonedx-library');
  const components = (await Promise.all([crates(), bundled(), installed(), toolchain()])).flat();
  const bill = new Models.Bom();
  bill.metadata.component = component(ownPackage());
  for (const part of components.map(component)) {
    bill.components.add(part);
    bill.metadata.component.dependencies.add(part.bomRef);
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  const text = new Serialize.JsonSerializer(factory).serialize(bill, { sortLists: true, space: 2 });
  const faults = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
  if (faults !== null) throw new SetupError('the bill of materials is not valid', JSON.stringify(faults, null, 2));
  return `${text}\n`;

  function component({ name, version, license, purl, way, hash }) {
    const made = new Models.Component(Enums.ComponentType.Library, name, { bomRef: purl, version, purl });
    made.licenses.add(new Models.LicenseExpression(license));
    if (hash !== undefined) made.hashes.set(...hash);
    if (way !== undefined) made.properties.add(new Models.Property(wayProperty, way));
    return made;
  }
}

/** The components of a bill that got there in one of these ways, each as `NAME VERSION`, sorted. */
export function componentsOf(text, ...wanted) {
  const { components } = JSON.parse(text);
  const wayOf = ({ properties }) => properties.find(({ name }) => name === wayProperty).value;
  return components
    .filter((part) => wanted.includes(wayOf(part)))
    .map(({ name, version }) => `${name} ${version}`)
    .toSorted();
}

function ownPackage() {
  const { name, version, license } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  return { name, version, license, purl: `pkg:npm/${name}@${version}` };
}

/** With the SHA-256 of what crates.io serves, as Cargo.lock pins it. */
async function crates() {
  const pinned = readFileSync(inProject('Cargo.lock'), 'utf8').split('[[package]]\n');
  return (await compiledCrates()).map(({ name, version, license }) => {
    const entry = pinned.find((text) => text.startsWith(`name = "${name}"\nversion = "${version}"\n`));
    const hash = ['SHA-256', /^checksum = "([0-9a-f]{64})"$/m.exec(entry)[1]];
    // Cargo's older spelling of a choice.
    return { name, version, license: license.replaceAll('/', ' OR '), purl: `pkg:cargo/${name}@${version}`, way: ways.compiled, hash };
  });
}

/** With the SHA-512 of what the registry serves, as package-lock.json pins it. */
async function bundled() {
  const { packages } = JSON.parse(readFileSync(inProject('package-lock.json'), 'utf8'));
  return (await bundledPackages()).map(({ name, version, license, folder }) => {
    const [algorithm, digest] = packages[relative(projectRoot, folder).replaceAll(sep, '/')].integrity.split(/-(.*)/);
    if (algorithm !== 'sha512') throw new Error(`${name} is pinned by ${algorithm}`);
    const hash = ['SHA-512', Buffer.from(digest, 'base64').toString('hex')];
    return { name, version, license, purl: `pkg:npm/${name.replace('@', '%40')}@${version}`, way: ways.bundled, hash };
  });
}

/** The dependencies of the package, and theirs. */
async function installed() {
  const { code, stdout, output } = await runNpm(['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--omit', 'dev']);
  if (code !== 0) throw new SetupError('npm sbom failed', output);
  return JSON.parse(stdout).components.map(({ name, version, purl, licenses, hashes: [{ alg, content }] }) => {
    return { name, version, license: licenses[0].license.id, purl, way: ways.installed, hash: [alg, content] };
  });
}

/** What no lock file names: parts of Rust's standard library, and of zig in the addons for Linux. */
async function toolchain() {
  const rust = /\d+\.\d+\.\d+/.exec((await run('rustc', ['--version'])).stdout)[0];
  const pinned = readFileSync(inProject('scripts', 'package', 'zig-requirements.txt'), 'utf8');
  const zig = /^ziglang==(\S+)/m.exec(pinned)[1];
  const parts = [
    ['rust-std', rust, 'Apache-2.0 OR MIT'],
    ['zig-libunwind', zig, 'Apache-2.0 WITH LLVM-exception'],
    ['zig-compiler-rt', zig, 'MIT'],
  ];
  return parts.map(([name, version, license]) => ({ name, version, license, purl: `pkg:generic/${name}@${version}`, way: ways.toolchain }));
}
