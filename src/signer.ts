/*
 * Signers of the caller's: a key service, a security module, another process. The key never enters this process.
 *
 * The native side asks for each event of a group, up to 64 at a time, in the order of the ledger; it checks each answer
 * and keeps the time. Here the caller's code is called, and whatever it does ends in one answer: nothing may throw, for
 * there is nobody to catch it.
 */

import { checkString, invalidArgument, isBytes, type PathLike, show } from './args.js';
import { textOfThrown, wrap } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';

let at: (path: string) => SocketSigner;
let pathOf: (value: object) => string | undefined;

/**
 * An event to sign; or, once when a ledger is handed over to this signer ({@link Session.rotateKey}), the statement that it
 * takes the ledger over.
 */
export interface SignRequest {
  /** What Ed25519 is to sign: the 32 raw bytes of `hash`; of a handover the statement itself, `canonical`. */
  readonly message: Uint8Array;
  /**
   * The text that was hashed, for a signer that looks at what it signs: `message` is its SHA-256. Of a handover it begins
   * with `sealwright/key-rotation/v1` and a line feed, as no event does, and names both keys, the ledger and the place.
   */
  readonly canonical: Uint8Array;
  /** SHA-256 of `canonical`, 64 lower-case hex digits. */
  readonly hash: string;
  /** Place of the event in the ledger. */
  readonly seq: number;
  /** Hash of the event before; 64 zeros for the first one. */
  readonly parentHash: string;
}

/**
 * Signs in place of a {@link SigningKeypair}. Every signature is checked before anything is written; one that does not
 * hold is `ERR_SIGNATURE_INVALID`.
 */
export interface Signer {
  /** The Ed25519 public key that the signatures hold under: 64 hex digits, or PEM text (SPKI). */
  readonly publicKey: string;
  /**
   * Resolves with the 64 bytes of a plain Ed25519 signature of `message`, without prehash or context. Called for up to
   * 64 events at once. The signal fires when nobody waits for the signature any more.
   */
  sign(request: SignRequest, options: { readonly signal: AbortSignal }): Promise<Uint8Array> | Uint8Array;
}

/** A signer agent, `sealwright-signer`, made by {@link socketSigner}. */
export class SocketSigner {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
    Object.freeze(this);
  }

  /** Where it listens. */
  get path(): string {
    return this.#path;
  }

  static {
    at = (path) => new SocketSigner(path);
    pathOf = (value) => (#path in value ? value.#path : undefined);
  }
}

/**
 * The agent that listens on a Unix socket. Nothing is asked before a session is opened with it; then it says which key it
 * has, and what the ledger lacks of what it signed. It does not need this thread: `recordSync` works.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`
 */
export function socketSigner(path: PathLike): SocketSigner {
  return at(toPath(path, 'path'));
}

/** A checked {@link Signer}; its properties were read once. */
export interface ScriptSigner {
  /** 64 lower-case hex digits. */
  readonly publicKey: string;
  readonly sign: Signer['sign'];
}

/** The `signer` option, or what else may be one. @throws TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY` */
export function resolveSigner(
  value: unknown,
  must = 'signer must be an object',
): ScriptSigner | { readonly socketPath: string } {
  if (typeof value !== 'object' || value === null) throw notASigner(value, must);
  const socketPath = pathOf(value);
  if (socketPath !== undefined) return { socketPath };
  const { publicKey, sign } = value as { readonly publicKey?: unknown; readonly sign?: unknown };
  if (typeof sign !== 'function') throw notASigner(value, must);
  const text = checkString(publicKey, 'signer.publicKey', '64 hex digits or PEM text');
  const call: Signer['sign'] = (...given) => Reflect.apply(sign, value, given) as ReturnType<Signer['sign']>;
  return { publicKey: wrap(() => native.parsePublicKey(text)), sign: call };
}

/** The signatures that the native side waits for from the signers of one session. */
export class Signatures {
  /** One by one as the ledger was to be handed over to them, so that each is asked what is meant for it. */
  readonly #signers: ScriptSigner[] = [];
  /** Of the requests that are under way, by ticket. */
  readonly #controllers = new Map<number, AbortController>();

  /** Gives the number that the native side knows the signer by. */
  add(signer: ScriptSigner): number {
    return this.#signers.push(signer) - 1;
  }

  /** Has an event or handover signed; the ticket is answered in any case. */
  async answer(
    kind: 'sign' | 'endorse',
    [ticket = 0, seq = 0, number = 0]: number[],
    [text = '', hash = '', parentHash = '']: string[],
  ): Promise<void> {
    const controller = new AbortController();
    this.#controllers.set(ticket, controller);
    const canonical = new TextEncoder().encode(text);
    const message = kind === 'endorse' ? canonical.slice() : Uint8Array.from(Buffer.from(hash, 'hex'));
    const request = { message, canonical, hash, seq, parentHash };
    try {
      const signature: unknown = await this.#signers[number]?.sign(request, { signal: controller.signal });
      if (isBytes(signature)) native.signDone(ticket, new Uint8Array(signature));
      else native.signFailed(ticket, `the signer gave ${show(signature)}, a signature is a Uint8Array of 64 bytes`, true);
    } catch (error) {
      native.signFailed(ticket, `the signer failed: ${textOfThrown(error)}`, false);
    }
    this.#controllers.delete(ticket);
  }

  /** Nobody waits for these any more. */
  stop(tickets: readonly number[]): void {
    for (const ticket of tickets) {
      this.#controllers.get(ticket)?.abort();
      this.#controllers.delete(ticket);
    }
  }
}

function notASigner(value: unknown, must: string): Error {
  return invalidArgument(`${must} with publicKey and sign, or a socketSigner, found ${show(value)}`);
}
