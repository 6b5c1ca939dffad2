// crosscheck in a real browser: one bundle without anything of Node.js, which gives every golden vector the report that
// the native verifier gives here.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { build, type BuildResult } from 'esbuild';
import type { Page } from 'playwright-core';
import { verifyFile } from 'sealwright';
import type * as Crosscheck from 'sealwright/crosscheck';
import { openScript } from '../helpers/chromium.mts';
import { testWith } from '../helpers/parts.mts';
import { projectRoot } from '../helpers/project.mts';
import { tableRow } from '../helpers/table.mts';
import { chains, mutations, type VectorOptions, variants } from '../helpers/vectors.mts';

/** What the bundle leaves in the page. */
declare const crosscheck: typeof Crosscheck;

/** A verification as both sides tell of it. */
interface Told {
  readonly report?: unknown;
  readonly error?: { readonly name: unknown; readonly code: unknown; readonly line: unknown; readonly report: unknown };
}

/** A ledger as it can be handed to a page. */
interface Question {
  readonly base64: string;
  readonly options: VectorOptions;
}

let bundled: Promise<BuildResult<{ write: false; metafile: true }>> | undefined;

/** crosscheck and what it needs in one script. */
function bundle() {
  bundled ??= build({
    entryPoints: [join(projectRoot, 'dist', 'crosscheck', 'index.js')],
    bundle: true,
    format: 'iife',
    globalName: 'crosscheck',
    logLevel: 'silent',
    metafile: true,
    minify: true,
    platform: 'browser',
    target: 'es2023',
    write: false,
  });
  return bundled;
}

/** A page that has loaded the bundle and nothing else, and may load nothing else. */
async function newPage(t: ExecutionContext): Promise<Page> {
  return openScript(t, (await bundle()).outputFiles[0]?.text ?? '');
}

/** Verifies in the page. */
function inPage(page: Page, questions: readonly Question[]): Promise<Told[]> {
  return page.evaluate(async (asked) => {
    const told = [];
    for (const { base64, options } of asked) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      try {
        told.push({ report: (await crosscheck.verifyLines(bytes, options)).toJSON() });
      } catch (error) {
        const { name, code, line = null, report } = error as Crosscheck.ChainError;
        if (code === undefined) throw error;
        told.push({ error: { name, code, line, report: report?.toJSON() } });
      }
    }
    return told;
  }, questions);
}

/** Verifies here, natively. */
async function here(path: string, options: VectorOptions): Promise<Told> {
  try {
    return { report: (await verifyFile(path, options)).toJSON() };
  } catch (error) {
    const { name, code, line = null, report } = error as Crosscheck.ChainError;
    return { error: { name, code, line, report: report?.toJSON() } };
  }
}

testWith(['chromium'], 'the bundle needs nothing of Node.js and nothing from outside', async (t) => {
  const { warnings, metafile, outputFiles } = await bundle();
  t.deepEqual(warnings, []);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  t.deepEqual(imports, []);
  const packages = new Set(Object.keys(metafile.inputs).map((file) => /node_modules\/([^/]+)/.exec(file)?.[1] ?? 'own'));
  t.deepEqual([...packages].toSorted(), ['json-canonicalize', 'libsodium', 'libsodium-wrappers', 'own']);
  const bytes = outputFiles[0]?.contents.length ?? 0;
  t.log(`${Math.round(bytes / 1024)} KiB minified`);
  t.true(bytes < 600 * 1024, String(bytes));
});

testWith(['chromium'], 'every golden vector has the report that the native verifier gives', async (t) => {
  const page = await newPage(t);
  const cases = [...chains(), ...mutations(), ...variants()].flatMap(({ name, path, cases: all }) =>
    all.map(({ options }) => ({ name, path, options })),
  );
  const questions = cases.map(({ path, options }) => ({ base64: readFileSync(path).toString('base64'), options }));
  const answers = await inPage(page, questions);
  t.is(answers.length, cases.length);
  for (const [place, { name, path, options }] of cases.entries()) {
    t.deepEqual(answers[place], await here(path, options), `${name} ${JSON.stringify(options)}`);
  }
  const version = page.context().browser()?.version();
  t.log(tableRow('native = crosscheck', `${cases.length} verifications in Chromium ${version}`, 'the same report or error'));
});

testWith(['chromium'], 'a file that a user has chosen is verified as it streams', async (t) => {
  const page = await newPage(t);
  const [ledger] = chains().filter(({ name }) => name === 'all_kinds');
  const base64 = readFileSync(ledger?.path ?? '').toString('base64');
  const report = await page.evaluate(async (text) => {
    const file = new File([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))], 'ledger.ndjson');
    return (await crosscheck.verifyLines(file.stream())).toJSON();
  }, base64);
  t.deepEqual(report, (await verifyFile(ledger?.path ?? '')).toJSON());
});

testWith(['chromium'], 'canonical JSON is the same, and there are no files', async (t) => {
  const page = await newPage(t);
  const [canonical, code] = await page.evaluate(async () => {
    const { canonicalJson, float, verifyFile: verify, SealwrightError } = crosscheck;
    const refusal = await verify('/etc/passwd').catch((error: unknown) => error);
    const bytes = canonicalJson({ b: float(1), a: [1, 2n ** 64n - 1n, 'é😀'], __proto__: null });
    return [Array.from(bytes), SealwrightError.is(refusal) ? refusal.code : String(refusal)] as const;
  });
  t.is(Buffer.from(canonical).toString(), '{"a":[1,18446744073709551615,"é😀"],"b":1.0}');
  t.is(code, 'ERR_LEDGER_IO');
});
