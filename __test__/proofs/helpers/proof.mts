// A tree of three events, its checkpoints and proofs, made here by the letter of the specifications with node:crypto alone.

import { createHash, createPrivateKey, sign } from 'node:crypto';
import { chainOf, key1, key2, seed1, seed2 } from '../../helpers/ledgers.mts';

export const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leaf = (hash: string) => sha256(Buffer.of(0), Buffer.from(hash, 'hex'));
const node = (left: Buffer, right: Buffer) => sha256(Buffer.of(1), left, right);

export const ORIGIN = 'example.com/ledger';
const WITNESS = 'w.example';
const TIME = 1_700_000_000;

/** Who signs notes. */
export interface Signer {
  readonly name: string;
  readonly kind: number;
  readonly seed: Uint8Array;
  readonly publicKey: string;
}

export const log: Signer = { name: ORIGIN, kind: 1, seed: seed1, publicKey: key1.publicKeyHex };
export const witness: Signer = { name: WITNESS, kind: 4, seed: seed2, publicKey: key2.publicKeyHex };

export function ed25519(seed: Uint8Array, message: string): Buffer {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return sign(null, Buffer.from(message), createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
}

const keyBytes = ({ kind, publicKey }: Signer) => Buffer.concat([Buffer.of(kind), Buffer.from(publicKey, 'hex')]);
const keyId = (signer: Signer) => sha256(Buffer.from(`${signer.name}\n`), keyBytes(signer)).subarray(0, 4);
/** A key as policies have it. */
export const vkey = (signer: Signer) => `${signer.name}+${keyId(signer).toString('hex')}+${keyBytes(signer).toString('base64')}`;
export const signatureLine = (signer: Signer, bytes: Buffer) => `— ${signer.name} ${Buffer.concat([keyId(signer), bytes]).toString('base64')}\n`;

/** A note, signed and cosigned. */
export function noteOf(text: string): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(TIME));
  const cosigned = Buffer.concat([time, ed25519(witness.seed, `cosignature/v1\ntime ${TIME}\n${text}`)]);
  return `${text}\n${signatureLine(log, ed25519(log.seed, text))}${signatureLine(witness, cosigned)}`;
}

const checkpoint = (size: number, root: Buffer) => noteOf(`${ORIGIN}\n${size}\n${root.toString('base64')}\n`);

const events = chainOf(3);
const leaves = events.map(({ selfHash }) => leaf(selfHash)) as [Buffer, Buffer, Buffer];
const two = node(leaves[0], leaves[1]);

export const policy = `log ${vkey(log)}\nwitness W ${vkey(witness)}\nquorum W\n`;
export const older = checkpoint(2, two);
export const newer = checkpoint(3, node(two, leaves[2]));
export const consistencyProof = [leaves[2].toString('hex')];
export const line = events[1]?.toLine() ?? '';
export const selfHash = events[1]?.selfHash ?? '';
export const inclusionProof = [
  'c2sp.org/tlog-proof@v1',
  `extra ${Buffer.from(line).toString('base64')}`,
  'index 1',
  leaves[0].toString('base64'),
  leaves[2].toString('base64'),
  '',
  newer,
].join('\n');
