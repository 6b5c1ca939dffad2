/*
 * Signing attestations, so that whoever forgets to look gets nothing: what cannot be signed gives a result without a token,
 * and a token that the ledger does not account for is not given away.
 */

import { randomBytes } from 'node:crypto';
import { checkBoolean, checkInteger, checkOptions, checkString, invalidArgument, isBytes, show } from '../args.js';
import { textOfThrown } from '../errors.js';
import { events } from '../events.js';
import { isSession, type Session } from '../session.js';
import { type Admission, claimsProblem, isHash, MAX_PAYLOAD, TYPES, type VerdictClaims } from './claims.js';
import { prefixedHash, signingInputHash, signText } from './compact.js';
import { isIssuerKeyPair, type IssuerKeyPair, signingKeyOf } from './issuer-key.js';
import { linkTo, type PreviousInput } from './link.js';
import { AttestationResult } from './result.js';
import { isStore, type TokenStore } from './store.js';

/** What a verification engine said of a query, and how it is to be signed. */
export interface CreateAttestationFields {
  /** Who signs. Without it the result is `UNVERIFIABLE`. */
  readonly issuer: IssuerKeyPair | undefined;
  /** `VERIFIED`, or in capitals what else became of it: `FAILED`, `ERROR`. */
  readonly status: string;
  /** Whether it was verified: true exactly with `VERIFIED`. */
  readonly verified: boolean;
  /** What verified it. */
  readonly engine: string;
  /** From 0 to 1; default 1. */
  readonly confidence?: number | undefined;
  /** What was verified. The token has its hash. */
  readonly query: string;
  /** What proves it, or its hash: `sha256:` and 64 lower-case hex digits. One of both, and always with `VERIFIED`. */
  readonly proofData?: string | Uint8Array | undefined;
  readonly proofHash?: string | undefined;
  /** What a recipient is told to do; `ADMIT` only with `VERIFIED`. */
  readonly admission?: Admission | undefined;
  /** The chain that it belongs to, and its place there, from 0. */
  readonly chainId?: string | undefined;
  readonly chainIndex?: number | undefined;
  /** The token before it in the chain. */
  readonly previousAttestation?: PreviousInput | undefined;
  /** For how many seconds it holds, 1 to 31,622,400; default 86,400, a day. */
  readonly expiresIn?: number | undefined;
  /** Records `TokenIssued` before the token is given away. Opened with `events: 'extended'`. */
  readonly session?: Session | undefined;
  /** Keeps the token before it is given away. */
  readonly store?: TokenStore | undefined;
}

const NAMES = [
  'issuer',
  'status',
  'verified',
  'engine',
  'confidence',
  'query',
  'proofData',
  'proofHash',
  'admission',
  'chainId',
  'chainIndex',
  'previousAttestation',
  'expiresIn',
  'session',
  'store',
] as const satisfies readonly (keyof CreateAttestationFields)[];

const DAY = 86_400;
const LONGEST = 366 * DAY;

/**
 * Signs what a verification engine said. Always a result: look at `isIssued` before anything passes for verified.
 *
 * Only arguments of a wrong type throw.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE`
 */
export async function createAttestation(fields: CreateAttestationFields): Promise<AttestationResult> {
  const given = checkFields(fields);
  const { issuer } = given;
  if (issuer === undefined) return AttestationResult.refused('CRYPTO_UNAVAILABLE', 'there is no key to sign it with');
  const claims = claimsOf(given, issuer);
  if (claims instanceof AttestationResult) return claims;
  const header = { kid: issuer.kid, typ: TYPES.verdict };
  const token = await signText(header, claims, signingKeyOf(issuer)).catch(() => undefined);
  if (token === undefined) return AttestationResult.refused('SIGNING_FAILURE', 'the key could not sign it');
  return accounted(given, token, claims);
}

type Given = ReturnType<typeof checkFields>;

function checkFields(fields: unknown) {
  const given = checkOptions(fields, NAMES, 'createAttestation');
  const text = (name: 'chainId' | 'proofHash' | 'admission') => (given[name] === undefined ? undefined : checkString(given[name], name));
  const { issuer, session, store, proofData, confidence = 1, chainIndex, previousAttestation: previous } = given;
  if (issuer !== undefined && !isIssuerKeyPair(issuer)) throw invalidArgument(`issuer must be an IssuerKeyPair, found ${show(issuer)}`);
  if (session !== undefined && !isSession(session)) throw invalidArgument(`session must be a Session, found ${show(session)}`);
  if (store !== undefined && !isStore(store)) throw invalidArgument(`store must have the methods get and put, found ${show(store)}`);
  if (proofData !== undefined && typeof proofData !== 'string' && !isBytes(proofData)) throw invalidArgument(`proofData must be text or bytes, found ${show(proofData)}`);
  if (typeof confidence !== 'number') throw invalidArgument(`confidence must be a number, found ${show(confidence)}`);
  return {
    issuer,
    session,
    store,
    status: checkString(given.status, 'status'),
    verified: checkBoolean(given.verified ?? null, 'verified', false),
    engine: checkString(given.engine, 'engine'),
    confidence,
    query: checkString(given.query, 'query'),
    proofData: typeof proofData === 'string' ? checkString(proofData, 'proofData') : proofData,
    proofHash: text('proofHash'),
    admission: text('admission'),
    chainId: text('chainId'),
    chainIndex: chainIndex === undefined ? undefined : checkInteger(chainIndex, 'chainIndex', 0),
    previous: previous === undefined ? undefined : linkTo(previous, 'previousAttestation'),
    expiresIn: given.expiresIn === undefined ? DAY : checkInteger(given.expiresIn, 'expiresIn', 1, LONGEST),
  };
}

/** The claims, or why nothing may be signed. */
function claimsOf(given: Given, { did: iss }: IssuerKeyPair): VerdictClaims | AttestationResult {
  const { status, verified, engine, confidence, query, proofData, proofHash, admission, chainId, chainIndex, previous, expiresIn } = given;
  if (proofHash !== undefined && (!isHash(proofHash) || proofData !== undefined)) {
    return AttestationResult.refused('INVALID_PROOF_HASH', 'proofHash is sha256: and 64 lower-case hex digits, in place of proofData');
  }
  const hash = proofHash ?? (proofData === undefined || proofData.length === 0 ? undefined : prefixedHash(proofData));
  const admits = verified && status === 'VERIFIED' && hash !== undefined;
  if (admission !== undefined && admission !== 'BLOCKED' && !(admission === 'ADMIT' && admits)) {
    return AttestationResult.refused('INVALID_ADMISSION', 'admission is BLOCKED, or ADMIT of what is VERIFIED and proved');
  }
  if ((verified || status === 'VERIFIED') && hash === undefined) {
    return AttestationResult.refused('VERIFIED_WITHOUT_PROOF', 'what is verified needs proofData or proofHash');
  }
  const sub = prefixedHash(query);
  const iat = Math.floor(Date.now() / 1000);
  const claims: VerdictClaims = {
    iss,
    sub,
    iat,
    exp: iat + expiresIn,
    jti: `att_${randomBytes(16).toString('hex')}`,
    qwed: {
      version: '1.0',
      result: { status, verified, engine, confidence },
      query_hash: sub,
      ...present('proof_hash', hash),
      ...present('admission', admission as Admission | undefined),
      ...present('chain_id', chainId),
      ...present('chain_index', chainIndex),
      ...present('previous_attestation', previous),
    },
  };
  const size = Buffer.from(JSON.stringify(claims)).toString('base64url').length;
  const problem = claimsProblem(claims, 'verdict') ?? (size > MAX_PAYLOAD ? `it has more than ${MAX_PAYLOAD} characters` : null);
  return problem === null ? claims : AttestationResult.refused('INVALID_CLAIMS', problem);
}

function present<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };
}

/** Keeps the token and records it: given away is only what can be accounted for. */
async function accounted({ session, store }: Given, token: string, claims: VerdictClaims): Promise<AttestationResult> {
  const { iss: issuer, jti, qwed } = claims;
  try {
    await store?.put(jti, token);
    const signingInputSha256 = signingInputHash(token).slice('sha256:'.length);
    await session?.record(events.tokenIssued({ jti, issuer, status: qwed.result.status, signingInputSha256 }));
    return AttestationResult.issued(token, jti);
  } catch (error) {
    return AttestationResult.refused('RECORDING_FAILURE', `it was signed and is not given away: ${textOfThrown(error)}`);
  }
}

/** What a verification function of {@link attestVerification} gives: the fields of the verdict. */
export type Verdict = Pick<CreateAttestationFields, 'status' | 'verified'> &
  Partial<Pick<CreateAttestationFields, 'confidence' | 'proofData' | 'proofHash' | 'admission'>>;

/** What {@link attestVerification} gives. */
export interface AttestedVerification<Result> {
  /** Whether it was verified, and the attestation says so. Nothing else lets a caller go on. */
  readonly verified: boolean;
  /** The status of the result; `BLOCKED` without an attestation, whatever the result says. */
  readonly status: string;
  /** What the function gave; null without an attestation: it must not be used. */
  readonly result: Result | null;
  readonly attestation: AttestationResult;
}

/** A verification engine, and how its verdicts are signed. */
export interface VerificationEngine<Result extends Verdict> extends Omit<CreateAttestationFields, keyof Verdict | 'engine' | 'query'> {
  /** Its name. */
  readonly engine: string;
  /** Verifies a query. What it throws is thrown on. */
  verify(query: string): Result | Promise<Result>;
}

/**
 * Verifies a query and signs the verdict. Unless there is an attestation, the result is withheld and `verified` is false.
 *
 * @throws what `verify` throws; as {@link createAttestation}
 */
export async function attestVerification<Result extends Verdict>(
  engine: VerificationEngine<Result>,
  fields: { readonly query: string },
): Promise<AttestedVerification<Result>> {
  const { verify, ...signing } = checkEngine(engine);
  const query = checkString(checkOptions(fields, ['query'], 'attestVerification').query, 'query');
  const result = await Reflect.apply(verify, engine, [query]);
  if (typeof result !== 'object' || result === null) throw invalidArgument(`verify must give an object, found ${show(result)}`);
  const { status, verified, confidence, proofData, proofHash, admission } = result;
  const attestation = await createAttestation({ ...signing, query, status, verified, confidence, proofData, proofHash, admission });
  if (!attestation.isIssued) return { verified: false, status: 'BLOCKED', result: null, attestation };
  return { verified, status, result, attestation };
}

function checkEngine<Result extends Verdict>(engine: VerificationEngine<Result>): VerificationEngine<Result> {
  if (typeof engine !== 'object' || engine === null || typeof engine.verify !== 'function') throw invalidArgument('engine must have a method verify');
  return engine;
}
