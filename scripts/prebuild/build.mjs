// Compiles the addon for one platform, on Linux x64. zig links all of them: it brings what belongs to each system, so that
// neither its compiler nor its libraries have to be installed.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oldestGlibc, zigEnvironment } from '../package/zig.mjs';
import { inProject, projectRoot, run } from '../run.mjs';
import { shortPathFlags } from '../setup.mjs';

/** The oldest macOS that the addons load on: the first one for both processors. */
export const oldestMacos = '11.0';

/** Why the target cannot be built here, in a line; undefined where it can be. */
export async function missingFor({ rust }) {
  const { code, stdout } = await run('rustc', ['--print', 'target-libdir', '--target', rust]);
  return code === 0 && existsSync(stdout.trim()) ? undefined : `needs \`rustup target add ${rust}\``;
}

/** Builds the addon from the sources below `root`. Resolves with the result of `run` and the `path` of the addon. */
export async function buildPlatform({ rust }, root = projectRoot) {
  const target = rust.endsWith('-linux-gnu') ? `${rust}.${oldestGlibc}` : rust;
  const flags = [...(await shortPathFlags(root)), ...ownFlags(rust)];
  const builds = join(root, 'target');
  // JSON strings are TOML strings. Not by RUSTFLAGS, which the spaces of a path would divide.
  const config = ['--config', `target.'cfg(all())'.rustflags=${JSON.stringify(flags)}`];
  const what = ['--package', 'sealwright-node', '--release', '--locked', '--target', target, '--target-dir', builds];
  const env = { ...zigEnvironment(), MACOSX_DEPLOYMENT_TARGET: oldestMacos, LIBNODE_PATH: nodeStandIn() };
  const outcome = await run('cargo', ['zigbuild', ...what, ...config], { cwd: root, env });
  return { ...outcome, path: join(builds, rust, 'release', libraryName(rust)) };
}

function ownFlags(rust) {
  // musl is that of the system, and nothing of it may be linked in.
  if (rust.endsWith('-musl')) return ['-Ctarget-feature=-crt-static'];
  // A library for macOS holds its own name, by default the path that it was linked at.
  if (rust.endsWith('-darwin')) return ['-Clink-arg=-Wl,-install_name,@rpath/libsealwright_node.dylib'];
  return [];
}

function libraryName(rust) {
  if (rust.includes('-windows-')) return 'sealwright_node.dll';
  return `libsealwright_node.${rust.endsWith('-darwin') ? 'dylib' : 'so'}`;
}

/**
 * A folder with a libnode of nothing. napi-build asks for the library when it builds for Windows without Microsoft's linker;
 * the addon looks its functions up in the process that loads it, and imports none.
 */
function nodeStandIn() {
  const folder = inProject('target', 'prebuild', 'libnode');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'libnode.dll'), '');
  // As linkers of either kind name it: archives without members.
  for (const name of ['libnode.a', 'libnode.dll.a']) writeFileSync(join(folder, name), '!<arch>\n');
  return folder;
}
