/*
 * A verification service that signs what it found, and a shop that acts on it.
 *
 *   node tokens.mjs <folder>
 *
 * Exits with 0 only if the good answer is taken and everything else is not.
 */

import { join } from 'node:path';
import { Session, SigningKeypair } from 'sealwright';
import {
  attestVerification,
  badgeSvg,
  IssuerKeyPair,
  IssuerRegistry,
  RevocationList,
  verifyAttestation,
  verifyAttestationChain,
} from 'sealwright/tokens';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: tokens <folder>');
  process.exit(2);
}

// The service. Its tokens are accounted for in a ledger of its own.
const issuer = IssuerKeyPair.generate({ did: 'did:web:checker.example' });
const revocations = await RevocationList.create(join(folder, 'revoked.jwt'), issuer);
const session = await Session.open({
  keypair: SigningKeypair.loadOrCreate(join(folder, 'signing.key')),
  ledgerPath: join(folder, 'tokens.ndjson'),
  sessionId: 'checker',
  events: 'extended',
});

const addition = (chainIndex: number, previousAttestation?: string) => ({
  engine: 'addition',
  issuer,
  session,
  chainId: 'order-1017',
  chainIndex,
  previousAttestation,
  verify(query: string) {
    const [, a, b, sum] = /^(\d+)\+(\d+)=(\d+)$/.exec(query) ?? [];
    const verified = Number(a) + Number(b) === Number(sum);
    return { status: verified ? 'VERIFIED' : 'FAILED', verified, proofData: `${a} and ${b} make ${Number(a) + Number(b)}` };
  },
});

const first = await attestVerification(addition(0), { query: '19+20=39' });
const second = await attestVerification(addition(1, first.attestation.token ?? ''), { query: '2+2=5' });
console.log(`19+20=39: ${first.status}, ${first.attestation.jti}`);
console.log(`2+2=5:    ${second.status}, ${second.attestation.jti}`);

// The shop. It knows whom it believes, and asks nobody else.
const issuers = IssuerRegistry.of(['did:web:checker.example'], issuer.jwks());
const believed = { issuers, revocations: RevocationList.of(join(folder, 'revoked.jwt'), issuer.did, issuers) };
const token = first.attestation.token ?? '';

const found = await verifyAttestation(token, { ...believed, query: '19+20=39' });
const elsewhere = await verifyAttestation(token, { ...believed, query: '19+20=40' });
const chain = await verifyAttestationChain([token, second.attestation.token ?? ''], believed);
console.log(`\nthe token:             ${found.status}`);
console.log(`for another query:     ${elsewhere.status}, ${elsewhere.code}`);
console.log(`the chain of both:     ${chain.ok ? 'whole' : 'broken'}`);

await revocations.revoke(first.attestation.jti ?? '');
const revoked = await verifyAttestation(token, believed);
console.log(`after its revocation:  ${revoked.status}`);
console.log(`its badge:             ${/<title>([^<]*)</.exec(badgeSvg(revoked))?.[1]}`);
await session.close();

const isRight = found.status === 'VALID' && elsewhere.code === 'QUERY' && chain.ok && revoked.status === 'REVOKED';
process.exit(isRight ? 0 : 1);
