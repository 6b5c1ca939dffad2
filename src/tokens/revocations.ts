/*
 * Which tokens of an issuer are revoked: a file that the issuer signs and that all processes share.
 *
 *   file     a compact JWS by the issuer's key, typ sealwright-revocations+jwt, replaced whole and synced
 *   payload  {"iss": DID, "iat": seconds, "seq": N, "revoked": {"JTI": seconds, ...}}
 *   .lock    beside it, held by who adds to it
 *
 * It is read for each question, so that what one process revokes is revoked for all of them at once. `seq` counts the
 * revocations: who has seen one does not take an earlier one. What cannot be read is never taken for an empty list.
 */

import { checkString, invalidArgument, type PathLike, show } from '../args.js';
import { tokenError, wrapAsync } from '../errors.js';
import { native } from '../native.js';
import { toPath } from '../paths.js';
import { isIndex, isName, isObject } from './claims.js';
import { signText } from './compact.js';
import { openRegular, reading, underLock } from './files.js';
import { isIssuerKeyPair, type IssuerKeyPair, signingKeyOf } from './issuer-key.js';
import { IssuerRegistry, isIssuerRegistry, type RegisteredIssuer } from './registry.js';
import { compactVerify } from './vendor.js';

/** A revoked token. */
export interface Revocation {
  readonly jti: string;
  readonly revokedAt: Date;
}

/** What a file says. */
interface Listed {
  readonly seq: number;
  readonly revoked: ReadonlyMap<string, number>;
  readonly text: string;
}

const TYPE = 'sealwright-revocations+jwt';

/** Largest list, in bytes: some 200,000 revocations. */
const MAX_FILE = 16 << 20;

/** Whether a value is one: what only inherits from one, or stands for one, has no file. */
export let isRevocationList: (value: unknown) => value is RevocationList;

/** A list of the tokens that an issuer has revoked. */
export class RevocationList {
  readonly #path: string;
  readonly #issuer: RegisteredIssuer;
  readonly #pair: IssuerKeyPair | undefined;
  #known: { readonly mark: string; readonly listed: Listed } | undefined;
  /** The latest `seq` that was seen, or written. */
  #latest = 0;
  /** The revocation that was asked for last: the next one waits for it, and not for the lock. */
  #last: Promise<unknown> = Promise.resolve();
  /** Whose tokens it is about. */
  readonly did: string;

  private constructor(path: string, issuer: RegisteredIssuer, pair?: IssuerKeyPair) {
    this.#path = path;
    this.#issuer = issuer;
    this.#pair = pair;
    this.did = issuer.did;
    Object.freeze(this);
  }

  /**
   * Starts the list of an issuer, empty, in a new file: once in its life. One that is gone is not started again, but taken
   * from a copy: what it revoked would hold again.
   *
   * @throws {@link TokenError} `ERR_TOKEN_REVOCATIONS` when there is a file already, `ERR_TOKEN_IO`; TypeError
   * `ERR_INVALID_ARGUMENT`
   */
  static async create(path: PathLike, issuer: IssuerKeyPair): Promise<RevocationList> {
    const list = RevocationList.#by(path, issuer);
    const empty = Buffer.from(await list.#signed(0, new Map()));
    const isNew = await wrapAsync(() => native.putFile(list.#path, empty, false));
    if (!isNew) throw tokenError('ERR_TOKEN_REVOCATIONS', `${list.#path} is there already, and no list is written over`);
    return list;
  }

  /**
   * The list at a path that {@link RevocationList.create} started: for its issuer, who adds to it.
   *
   * @throws {@link TokenError} `ERR_TOKEN_IO` if it is not there, `ERR_TOKEN_REVOCATIONS` if it is not the issuer's; TypeError
   * `ERR_INVALID_ARGUMENT`
   */
  static async forIssuer(path: PathLike, issuer: IssuerKeyPair): Promise<RevocationList> {
    const list = RevocationList.#by(path, issuer);
    await list.#read();
    return list;
  }

  static #by(path: PathLike, issuer: IssuerKeyPair): RevocationList {
    const file = toPath(path, 'path');
    if (!isIssuerKeyPair(issuer)) throw invalidArgument(`issuer must be an IssuerKeyPair, found ${show(issuer)}`);
    const registry = IssuerRegistry.of([issuer.did], issuer.jwks());
    return new RevocationList(file, registry.get(issuer.did) as RegisteredIssuer, issuer);
  }

  /**
   * The list at a path that an issuer of a registry signs: for those who verify. It need not be there before it is asked.
   *
   * @throws TypeError `ERR_INVALID_ARGUMENT` for an issuer that the registry does not have
   */
  static of(path: PathLike, did: string, issuers: IssuerRegistry): RevocationList {
    const file = toPath(path, 'path');
    if (!isIssuerRegistry(issuers)) throw invalidArgument(`issuers must be an IssuerRegistry, found ${show(issuers)}`);
    const issuer = issuers.get(checkString(did, 'did'));
    if (issuer === undefined) throw invalidArgument(`issuers does not have ${show(did)}`);
    return new RevocationList(file, issuer);
  }

  /**
   * Revokes a token of the issuer, for ever. Once it resolves the revocation is on stable storage, and every process that
   * asks knows of it. A token that was revoked stays so since when it was.
   *
   * @throws {@link TokenError} `ERR_TOKEN_IO`, `ERR_TOKEN_REVOCATIONS`; TypeError `ERR_INVALID_ARGUMENT` for what is no
   * `jti`, and of a list that is only read
   */
  async revoke(jti: string): Promise<void> {
    if (!isName(jti)) throw invalidArgument(`jti must be the name of a token, found ${show(jti)}`);
    if (this.#pair === undefined) throw invalidArgument('only its issuer revokes: RevocationList.forIssuer');
    const revoking = this.#last.then(() => underLock(`${this.#path}.lock`, () => this.#add(jti)));
    this.#last = revoking.catch(() => undefined);
    return revoking;
  }

  /**
   * Whether a token is revoked, as the file says now.
   *
   * @throws {@link TokenError} `ERR_TOKEN_IO` if it cannot be read, `ERR_TOKEN_REVOCATIONS` if the issuer has not signed it or
   * a later one was seen
   */
  async isRevoked(jti: string): Promise<boolean> {
    return (await this.#read()).revoked.has(jti);
  }

  /** All revocations, in the order of their time. Rejects as {@link RevocationList.isRevoked}. */
  async revocations(): Promise<readonly Revocation[]> {
    const { revoked } = await this.#read();
    const inOrder = [...revoked].toSorted(([, one], [, other]) => one - other);
    return inOrder.map(([jti, seconds]) => ({ jti, revokedAt: new Date(seconds * 1000) }));
  }

  /** The file: what others verify by the issuer's keys. Rejects as {@link RevocationList.isRevoked}. */
  async text(): Promise<string> {
    return (await this.#read()).text;
  }

  async #add(jti: string): Promise<void> {
    const { seq, revoked } = await this.#read();
    if (revoked.has(jti)) return;
    const text = await this.#signed(seq + 1, new Map(revoked).set(jti, Math.floor(Date.now() / 1000)));
    if (text.length > MAX_FILE) throw tokenError('ERR_TOKEN_REVOCATIONS', `${this.#path} would have more than ${MAX_FILE} bytes`);
    await wrapAsync(() => native.putFile(this.#path, Buffer.from(text), true));
    this.#latest = Math.max(this.#latest, seq + 1);
  }

  async #read(): Promise<Listed> {
    // What was known before the file was opened has to be in it. Others may come to know a later one while it is read.
    const [known, least] = [this.#known, this.#latest];
    const { mark, bytes } = await readIfChanged(this.#path, known?.mark);
    const listed = bytes === undefined && known !== undefined ? known.listed : await this.#verified(Buffer.from(bytes ?? []).toString('latin1'));
    if (listed.seq < least) throw tokenError('ERR_TOKEN_REVOCATIONS', `${this.#path} went back from ${least} revocations to ${listed.seq}`);
    if (listed.seq >= this.#latest) this.#known = { mark, listed };
    this.#latest = Math.max(this.#latest, listed.seq);
    return listed;
  }

  async #verified(text: string): Promise<Listed> {
    const refuse = (why: string) => tokenError('ERR_TOKEN_REVOCATIONS', `${this.#path} is no list of revocations that ${this.did} signed: ${why}`);
    const { keys } = this.#issuer;
    const verified = await compactVerify(text, ({ kid }) => {
      const found = keys.find((key) => key.kid === kid);
      if (found === undefined) throw refuse('no key of the issuer');
      return found.key;
    }, { algorithms: ['ES256'] }).catch(() => undefined);
    if (verified === undefined) throw refuse('the signature does not hold');
    const { protectedHeader: header, payload } = verified;
    const said = header.typ === TYPE ? parsed(payload) : undefined;
    if (!isObject(said) || said['iss'] !== this.did) throw refuse('it is something else');
    const { seq, revoked } = said;
    if (!isIndex(seq) || !isObject(revoked) || Object.keys(revoked).length !== seq) throw refuse('it does not count its revocations');
    const entries = Object.entries(revoked);
    if (!entries.every((entry): entry is [string, number] => isName(entry[0]) && isIndex(entry[1]))) throw refuse('a revocation is none');
    return { seq, revoked: new Map(entries as [string, number][]), text };
  }

  async #signed(seq: number, revoked: ReadonlyMap<string, number>): Promise<string> {
    const pair = this.#pair as IssuerKeyPair;
    const payload = { iss: pair.did, iat: Math.floor(Date.now() / 1000), seq, revoked: Object.fromEntries(revoked) };
    return signText({ kid: pair.kid, typ: TYPE }, payload, signingKeyOf(pair));
  }

  static {
    isRevocationList = (value): value is RevocationList => typeof value === 'object' && value !== null && #path in value;
  }
}

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(json));
  } catch {
    return undefined;
  }
}

/** The bytes of a file, unless it is the one that the mark is of. */
async function readIfChanged(path: string, mark: string | undefined): Promise<{ readonly mark: string; readonly bytes: Uint8Array | undefined }> {
  await using file = await openRegular(path);
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
  const found = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  if (found === mark) return { mark: found, bytes: undefined };
  if (size > MAX_FILE) throw tokenError('ERR_TOKEN_REVOCATIONS', `${path} has more than ${MAX_FILE} bytes`);
  return { mark: found, bytes: await reading(path, () => file.readFile()) };
}
