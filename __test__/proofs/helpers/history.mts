// Histories of one log: trees by the definitions of RFC 6962, section 2.1, and checkpoints that the log signs. Two of other
// names share their first three leaves.

import { ed25519, log, ORIGIN, sha256, type Signer, signatureLine, vkey, witness } from './proof.mts';

export { log, ORIGIN, vkey, witness };

const SHARED = 3;

const node = (left: Buffer, right: Buffer) => sha256(Buffer.of(1), left, right);

/** A tree of any size. */
export class History {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** The root of the first leaves, in hex. */
  root(size: number): string {
    return this.#root(0, size).toString('hex');
  }

  /** The consistency proof between two sizes, in hex. */
  prove(oldSize: number, newSize: number): string[] {
    return oldSize === 0 ? [] : this.#proof(oldSize, 0, newSize, true).map((hash) => hash.toString('hex'));
  }

  /** A checkpoint, signed. */
  checkpoint(size: number, signer: Signer = log): string {
    return noteBy(signer, `${ORIGIN}\n${size}\n${this.#root(0, size).toString('base64')}\n`);
  }

  /** A request to a witness that knows `oldSize`. */
  request(oldSize: number, newSize: number): string {
    const proof = this.prove(oldSize, newSize).map((hash) => `${Buffer.from(hash, 'hex').toString('base64')}\n`);
    return `old ${oldSize}\n${proof.join('')}\n${this.checkpoint(newSize)}`;
  }

  #root(from: number, to: number): Buffer {
    if (to - from === 0) return sha256();
    if (to - from === 1) return sha256(Buffer.of(0), Buffer.from(`${from < SHARED ? 'shared' : this.name} ${from}`));
    const middle = from + largestPowerBelow(to - from);
    return node(this.#root(from, middle), this.#root(middle, to));
  }

  /** SUBPROOF of RFC 6962, section 2.1.2. */
  #proof(count: number, from: number, to: number, isWhole: boolean): Buffer[] {
    if (count === to - from) return isWhole ? [] : [this.#root(from, to)];
    const half = largestPowerBelow(to - from);
    if (count <= half) return [...this.#proof(count, from, from + half, isWhole), this.#root(from + half, to)];
    return [...this.#proof(count - half, from + half, to, false), this.#root(from, from + half)];
  }
}

function largestPowerBelow(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}

/** A text signed by a log. */
export function noteBy(signer: Signer, text: string): string {
  return `${text}\n${signatureLine(signer, ed25519(signer.seed, text))}`;
}

/** The line of a cosignature. */
export function cosignature(signer: Signer, text: string, time: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(time));
  return signatureLine(signer, Buffer.concat([bytes, ed25519(signer.seed, `cosignature/v1\ntime ${time}\n${text}`)]));
}

/** A policy with the log, and the witnesses with these keys, all of which have to cosign; `urls` in their order. */
export function policyOf(keys: readonly string[] = [], urls: readonly string[] = [], quorum = 'all'): string {
  const witnesses = keys.map((key, index) => `witness W${index} ${key} ${urls[index] ?? ''}\n`);
  if (keys.length === 0) return `log ${vkey(log)}\nquorum none\n`;
  return `log ${vkey(log)}\n${witnesses.join('')}group G ${quorum} ${keys.map((_, index) => `W${index}`).join(' ')}\nquorum G\n`;
}
