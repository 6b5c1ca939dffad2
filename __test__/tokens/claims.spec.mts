// Whatever an issuer signs: verifying does not throw, and what it calls valid keeps every promise of its kind.

import test from 'ava';
import * as fc from 'fast-check';
import { type AttestationKind, badgeEndpoint, verifyAttestation } from 'sealwright/tokens';
import { hashOf, TestIssuer } from './helpers/tokens.mts';

const issuer = new TestIssuer();

type Fields = Readonly<Record<string, unknown>>;

const pool = ['VERIFIED', 'FAILED', 'BLOCKED', 'verified', 'ADMIT', 'DENY', true, false, null, 0, 1, -1, 0.5, 42, '', 'att_1', '../x', hashOf('2+2=4'), hashOf('proof'), [], {}, undefined];
const value = fc.oneof({ weight: 6, arbitrary: fc.constantFrom<unknown>(...pool) }, { weight: 1, arbitrary: fc.jsonValue() });
const names = {
  claims: ['iss', 'sub', 'iat', 'exp', 'nbf', 'jti', 'more'],
  result: ['status', 'verified', 'confidence', 'engine'],
  verdict: ['version', 'result', 'query_hash', 'proof_hash', 'admission', 'chain_id', 'chain_index', 'previous_attestation', 'more'],
  context: ['version', 'document_hash', 'verdict', 'admission', 'proof_ref', 'more'],
};

/** Changes of one or two fields, by the place that they are at: another value, or none. */
function changesOf<Place extends keyof typeof names>(...places: readonly Place[]): fc.Arbitrary<Readonly<Record<Place, Fields>>> {
  const fields = places.flatMap((place) => names[place].map((name) => [place, name] as const));
  const changes = fc.array(fc.tuple(fc.constantFrom(...fields), value), { minLength: 1, maxLength: 2 });
  const at = (given: readonly (readonly [readonly [Place, string], unknown])[], place: Place) => Object.fromEntries(given.filter(([[where]]) => where === place).map(([[, name], to]) => [name, to]));
  return changes.map((given) => Object.fromEntries(places.map((place) => [place, at(given, place)])) as Record<Place, Fields>);
}

const sub = hashOf('2+2=4');
const result = { status: 'VERIFIED', verified: true, engine: 'math', confidence: 1 };
const results = fc.constantFrom(result, { ...result, status: 'FAILED', verified: false });
const document = { version: '1.1', document_hash: sub, verdict: 'VERIFIED', admission: 'ADMIT', proof_ref: hashOf('proof') };
const documents = fc.constantFrom(document, { ...document, verdict: 'BLOCKED', admission: 'DENY', proof_ref: null });

/** What has to be true of a verdict that is valid, by the words of its documentation. */
function verdictHolds({ result: found, query_hash, proof_hash, admission, chain_id, chain_index }: Fields, { sub: about }: Fields): boolean {
  const { status, verified, engine, confidence } = found as Fields;
  return (
    query_hash === about &&
    verified === (status === 'VERIFIED') &&
    typeof engine === 'string' &&
    typeof confidence === 'number' && confidence >= 0 && confidence <= 1 &&
    (status !== 'VERIFIED' || typeof proof_hash === 'string') &&
    (admission === undefined || admission === 'BLOCKED' || (admission === 'ADMIT' && verified === true)) &&
    (chain_index === undefined || typeof chain_id === 'string')
  );
}

function contextHolds({ document_hash, verdict, admission, proof_ref }: Fields, { sub: about }: Fields): boolean {
  return document_hash === about && (verdict === 'VERIFIED') === (proof_ref !== null) && (admission === 'DENY' || (admission === 'ADMIT' && verdict === 'VERIFIED'));
}

function commonHolds({ iss, iat, exp, jti }: Fields): boolean {
  return iss === issuer.pair.did && Number.isInteger(iat) && Number.isInteger(exp) && (exp as number) > (iat as number) && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(jti as string);
}

const arbitraries = {
  verdict: fc.tuple(results, changesOf('claims', 'verdict', 'result')).map(([good, changes]) => issuer.claims(changes.claims, { result: { ...good, ...changes.result }, ...changes.verdict })),
  context: fc.tuple(documents, changesOf('claims', 'context')).map(([good, changes]) => issuer.claims({ qwed: { ...good, ...changes.context }, ...changes.claims })),
};

for (const kind of ['verdict', 'context'] as const satisfies readonly AttestationKind[]) {
  test(`a ${kind} that is valid keeps its promises`, async (t) => {
    t.timeout(90_000);
    const typ = kind === 'verdict' ? 'qwed-attestation+jwt' : 'qwed-context+jwt';
    const counted: Record<string, number> = {};
    const check = async (claims: Fields) => {
      const verification = await verifyAttestation(issuer.sign(claims, { typ }), { issuers: issuer.registry, kind });
      counted[verification.status] = (counted[verification.status] ?? 0) + 1;
      if (verification.status === 'INVALID') return verification.claims === null && verification.code !== null;
      // JSON has no -0 and no undefined.
      const said = JSON.parse(JSON.stringify(claims)) as Fields;
      t.deepEqual(verification.claims, said as never);
      const own = said['qwed'] as Fields;
      const isVerified = (kind === 'verdict' ? (own['result'] as Fields)['status'] : own['verdict']) === 'VERIFIED';
      const isShown = badgeEndpoint(verification).message === 'verified';
      return commonHolds(said) && (kind === 'verdict' ? verdictHolds(own, said) : contextHolds(own, said)) && isShown === (verification.status === 'VALID' && isVerified);
    };
    await fc.assert(fc.asyncProperty(arbitraries[kind], check), { numRuns: 3_000 });
    t.true((counted['VALID'] ?? 0) > 300 && (counted['INVALID'] ?? 0) > 500, JSON.stringify(counted));
  });
}
