/*
 * A worker of the viewer. It begins with the module, and then does what it is asked, one call after another; only searches give
 * way to what was asked meanwhile.
 */

import { loadEngine } from '../engine/load.js';
import type { NamedBlob } from '../client.js';
import type { Engine, EngineProgress, Trust } from '../engine.js';
import { Failure, failureOf } from '../failure.js';
import { buffersOf } from '../model/columns.js';
import { Ledger } from './ledger.js';
import { openPack } from './pack.js';
import { useEngine } from './pack-runtime.js';
import { type Answer, type Begin, type Call, type Method, type Methods, SUPERSEDED } from './protocol.js';
import { revealDocument, searchLines } from './search.js';
import { sortFiles } from './sort.js';
import { BlobSource, readBlobSync } from './source.js';

type Report = (progress: EngineProgress) => void;
type Handlers = { readonly [Name in Method]: (report: Report, ...args: Parameters<Methods[Name]>) => ReturnType<Methods[Name]> | Promise<ReturnType<Methods[Name]>> };

/** What a worker has around it. */
const scope = globalThis as unknown as {
  addEventListener(type: 'message', listener: (event: { readonly data: Begin | Call }) => void): void;
  postMessage(answer: Answer, transfer: readonly ArrayBuffer[]): void;
};

/** A page draws no faster. */
const PROGRESS_MILLISECONDS = 50;
/** A search goes on for so long before it looks what else there is to do. */
const TURN_MILLISECONDS = 50;

let engine: Engine | undefined;
/** Why there is none. */
let noEngine: unknown;
let ledger: Ledger | undefined;
/** How many searches were asked for. */
let searches = 0;

const handlers: Handlers = {
  sort: (_, files) => sortFiles(files, { engine: theEngine(), openPack }),
  load(report, files) {
    const read = Ledger.read(files, theEngine(), readBlobSync, report);
    ledger = read.ledger;
    return read.model;
  },
  verify: (report, files, trust) => verify(files, trust, report),
  event: (_, row) => theLedger().event(row),
  search(_, text) {
    searches += 1;
    const search = searches;
    return searchLines(theLedger(), text, turns(() => search === searches));
  },
  reveal: (_, document) => revealDocument(theLedger(), document, theEngine(), readBlobSync, turns(() => true)),
  publicKey: (_, text) => theEngine().publicKey(text),
};

scope.addEventListener('message', ({ data }) => {
  if ('wasm' in data) begin(data);
  else void answer(data);
});

function begin({ wasm }: Begin): void {
  try {
    engine = loadEngine(wasm);
    useEngine(engine);
  } catch (error) {
    noEngine = error;
  }
}

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const handler = handlers[method] as (report: Report, ...given: readonly unknown[]) => unknown;
    const result = await handler(seldom((progress) => scope.postMessage({ id, progress }, [])), ...args);
    scope.postMessage({ id, result }, method === 'load' ? buffersOf((result as ReturnType<Methods['load']>).events) : []);
  } catch (error) {
    scope.postMessage({ id, failure: failureOf(error) }, []);
  }
}

function verify(files: readonly NamedBlob[], trust: Trust, report: Report): ReturnType<Methods['verify']> {
  return theEngine().verify(files.map((file) => new BlobSource(file, readBlobSync)), trust, report);
}

function theEngine(): Engine {
  if (engine !== undefined) return engine;
  throw new Failure({ code: 'ERR_INTERNAL', message: `the verifier cannot be loaded here: ${failureOf(noEngine).message}` });
}

function theLedger(): Ledger {
  if (ledger !== undefined) return ledger;
  throw new Failure({ code: 'ERR_INVALID_ARGUMENT', message: 'no ledger was read' });
}

/** Reports now and then, and at the end of what there is. */
function seldom(report: Report): Report {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (now - last < PROGRESS_MILLISECONDS && progress.bytes < progress.totalBytes) return;
    last = now;
    report(progress);
  };
}

/** Lets what was asked meanwhile be done; throws when nobody waits for what goes on. */
function turns(isWanted: () => boolean): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < TURN_MILLISECONDS) return;
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    last = performance.now();
    if (!isWanted()) throw new Failure({ code: SUPERSEDED, message: 'another search was begun' });
  };
}
