/*
 * The engine: the module of crates/wasm behind the interface of `engine.ts`. Runs in Node.js and in workers.
 *
 * A function of the module throws a string where it fails. Whatever it throws otherwise is a defect that may have left its
 * memory half changed: this engine then refuses every further call, and another one has to be made.
 */

import { isUint8Array, isWellFormed } from '../../src/bytes.js';
import type { ReportJson, SegmentsReportJson } from '../../src/report.js';
import type { ByteSource, Digest, Engine, EngineFailure, EngineProgress, Explanation, Trust, Unreadable } from '../engine.js';
import { Failure } from '../failure.js';

/** What `target/wasm/engine.mjs` exports: makes an instance that has no module yet. */
export type Instantiate = () => Exports;

/** An instance of the module. */
interface Exports {
  initSync(from: { readonly module: object }): unknown;
  version(): string;
  verify(
    files: readonly ModuleFile[],
    signers: readonly string[],
    headSeq: number,
    headHash: string | undefined,
    progress: { tell(bytes: number, totalBytes: number, events: number): void },
  ): string;
  order(files: readonly ModuleFile[]): Uint32Array;
  explain(line: Uint8Array): string;
  canonical_json(text: string): Uint8Array;
  public_key(text: string): string[];
  readonly Digest: new () => Digest;
}

/** A file as the module reads it. */
interface ModuleFile {
  readonly name: string;
  readonly length: number;
  readInto(offset: number, buffer: Uint8Array): void;
}

/** Makes an engine of the module's bytes, or of the compiled module. */
export function makeEngine(instantiate: Instantiate, module: object): Engine {
  return new ModuleEngine(instantiate, module);
}

/** Bytes that go into the module's memory at once: that never shrinks. */
const PIECE = 1 << 20;

class ModuleEngine implements Engine {
  readonly version: string;
  readonly #exports: Exports;
  #hasDefect = false;

  constructor(instantiate: Instantiate, module: object) {
    this.#exports = instantiate();
    this.#exports.initSync({ module });
    this.version = this.#exports.version();
  }

  verify(
    files: readonly ByteSource[],
    { signers, head }: Trust,
    progress: (progress: EngineProgress) => void,
  ): ReportJson | SegmentsReportJson {
    const thrown: unknown[] = [];
    const tell = (bytes: number, totalBytes: number, events: number) => {
      try {
        progress({ bytes, totalBytes, events });
      } catch (error) {
        thrown.push(error);
        throw error;
      }
    };
    const given = files.map(moduleFile);
    try {
      const report = this.#call(() => this.#exports.verify(given, signers, head?.seq ?? 0, head?.hash, { tell }));
      if (thrown.length === 0) return JSON.parse(report) as ReportJson | SegmentsReportJson;
    } catch (error) {
      if (thrown.length === 0) throw error;
    }
    throw thrown[0];
  }

  order(files: readonly ByteSource[]): number[] {
    const given = files.map(moduleFile);
    return Array.from(this.#call(() => this.#exports.order(given)));
  }

  explain(line: Uint8Array): Explanation | Unreadable {
    return JSON.parse(this.#call(() => this.#exports.explain(line))) as Explanation | Unreadable;
  }

  canonicalJson(text: string): Uint8Array {
    checkWellFormed(text);
    return this.#call(() => this.#exports.canonical_json(text));
  }

  publicKey(text: string): { readonly publicKey: string; readonly fingerprint: string } {
    checkWellFormed(text);
    const [publicKey = '', fingerprint = ''] = this.#call(() => this.#exports.public_key(text));
    return { publicKey, fingerprint };
  }

  sha256(): Digest {
    let digest: Digest | undefined = this.#call(() => new this.#exports.Digest());
    const use = <Result>(work: (digest: Digest) => Result): Result => {
      const used = digest;
      if (used === undefined) throw new Failure({ code: 'ERR_INVALID_ARGUMENT', message: 'a digest that is finished' });
      return this.#call(() => work(used));
    };
    return {
      update: (bytes) => {
        for (let at = 0; at < bytes.length; at += PIECE) use((used) => used.update(bytes.subarray(at, at + PIECE)));
      },
      hex: () => {
        const text = use((used) => used.hex());
        digest = undefined;
        return text;
      },
    };
  }

  /** Calls the module. */
  #call<Result>(work: () => Result): Result {
    this.#refuseDefect();
    let result;
    try {
      result = work();
    } catch (thrown) {
      if (typeof thrown === 'string') throw new Failure(JSON.parse(thrown) as EngineFailure);
      this.#hasDefect = true;
    }
    // Also where one came up inside of this call, which may have been passed over.
    this.#refuseDefect();
    return result as Result;
  }

  #refuseDefect(): void {
    if (this.#hasDefect) {
      throw new Failure({ code: 'ERR_INTERNAL', message: 'a defect of the verifier: nothing that it says counts' });
    }
  }
}

/** A file for the module: all that is asked of it in time, or a reason why not. */
function moduleFile(source: ByteSource): ModuleFile {
  const { name, length } = source;
  const readInto = (offset: number, buffer: Uint8Array) => {
    const wanted = buffer.length;
    try {
      const bytes = source.read(offset, wanted);
      if (!isUint8Array(bytes) || bytes.length !== wanted) throw new Error(`${wanted} bytes were not there to be read`);
      buffer.set(bytes);
    } catch (error) {
      throw error instanceof Error ? error.message : String(error);
    }
  };
  return { name: String(name), length: Number(length), readInto };
}

function checkWellFormed(text: string): void {
  if (isWellFormed(text)) return;
  throw new Failure({ code: 'ERR_JSON_STRING', message: 'the text has a lone surrogate' });
}
