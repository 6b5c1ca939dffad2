// What an addon that is released may be.

import { homedir, tmpdir } from 'node:os';
import { projectRoot } from '../run.mjs';

/** The most bytes that it may have. */
export const largestAddon = 2_600_000;

/** The folders of this machine that it names; there must be none. */
export function foldersOfThisMachine(addon) {
  const folders = [projectRoot, homedir(), tmpdir(), process.env.CARGO_HOME ?? '', process.env.RUSTUP_HOME ?? ''];
  // As paths begin with it; the home of a user without one is `/`.
  return folders.filter((folder) => folder.length > 1 && addon.includes(`${folder}/`));
}
