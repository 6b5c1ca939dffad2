// Signers of a caller's own.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Signer, SignRequest } from 'sealwright';
import { seed1 } from './ledgers.mts';

type Options = Parameters<Signer['sign']>[1];

/** A key of Node's own from a seed: the ASN.1 around it is the same for every Ed25519 key. */
export function nodeKey(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** Signs with Node's cryptography, and writes down what it was asked. A test may put itself in front of an answer. */
export class RecordingSigner implements Signer {
  readonly publicKey: string;
  readonly asked: SignRequest[] = [];
  readonly signals: AbortSignal[] = [];
  /** Requests under way, and the most there ever were. */
  underWay = 0;
  mostUnderWay = 0;
  readonly #key: KeyObject;
  /** What becomes of the next requests; `undefined` is a signature. */
  answer: (request: SignRequest, options: Options) => unknown = () => undefined;

  #closed: Promise<void> | undefined;
  #open = () => {};
  #reached = () => {};

  constructor(seed = seed1) {
    this.#key = nodeKey(seed);
    const { x = '' } = createPublicKey(this.#key).export({ format: 'jwk' });
    this.publicKey = Buffer.from(x, 'base64url').toString('hex');
  }

  async sign(request: SignRequest, options: Options): Promise<Uint8Array> {
    this.asked.push(request);
    this.signals.push(options.signal);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    this.#reached();
    try {
      await this.#closed;
      const answer = (await this.answer(request, options)) as Uint8Array | undefined;
      return answer === undefined ? this.signature(request) : answer;
    } finally {
      this.underWay -= 1;
    }
  }

  /** From now on requests wait; resolves when the first one does. */
  close(): Promise<void> {
    this.#closed = new Promise((resolve) => (this.#open = resolve));
    return new Promise((resolve) => (this.#reached = resolve));
  }

  /** Lets every request be answered, also those to come. */
  open(): void {
    this.#closed = undefined;
    this.#open();
  }

  signature({ message }: SignRequest): Uint8Array {
    return sign(null, message, this.#key);
  }
}
