// Timestamps: what an authority of openssl(1) answers is taken and verified, and whatever is wrong with a token, its signer
// or the way to a root has its own code.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { ProofError, SealwrightTypeError } from 'sealwright';
import { timestampIngest, type TimestampReport, timestampRequest, verifyTimestamp } from 'sealwright/proofs';
import { newFolder } from '../helpers/folders.mts';
import { projectRoot, testWith } from '../helpers/parts.mts';
import { newer, older } from './helpers/proof.mts';
import { infoOf, Tsa, type Use } from './helpers/tsa.mts';

const kept = (name: string) => Uint8Array.from(readFileSync(join(projectRoot, 'vectors', 'timestamps', name)));
const checkpoint = Buffer.from(kept('checkpoint.txt')).toString();
const roots = Buffer.from(kept('authority.pem')).toString();
const [request, response, token] = [kept('request.tsq'), kept('response.tsr'), kept('token.der')];
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const imprint = sha256(newer);

const codesOf = ({ problems }: TimestampReport) => problems.map(({ code }) => code);
const errorOf = (t: ExecutionContext, action: () => unknown) =>
  t.throws(action, { instanceOf: ProofError }).code;

test('a token that was kept is taken out of its answer, and shows its time', (t) => {
  t.deepEqual(timestampIngest({ checkpoint, request, response }), { token, time: '2026-11-22T06:56:55.613Z', modified: false });
  const report = verifyTimestamp(token, { checkpoint, roots, request, policy: '1.2.3.4.1' });
  t.deepEqual(report, {
    ok: true,
    problems: [],
    time: '2026-11-22T06:56:55.613Z',
    accuracy: 1_500_100,
    policy: '1.2.3.4.1',
    serial: '2',
    tsa: { subject: 'CN=Example TSA', sha256: report.tsa?.sha256 ?? '' },
  });
  t.regex(report.tsa?.sha256 ?? '', /^[0-9a-f]{64}$/);
  const der = Buffer.from(roots.replace(/-----.*-----/g, ''), 'base64');
  for (const given of [[roots], Buffer.from(roots), Uint8Array.from(der), [`text\n${roots}${roots}`]]) {
    t.true(verifyTimestamp(token, { checkpoint, roots: given }).ok);
  }
});

test('tokens of public authorities are verified', (t) => {
  const peer = (name: string) => kept(join('..', 'peers', 'timestamps', name));
  const sigstore = verifyTimestamp(peer('sigstore.der'), { checkpoint: 'hello', roots: peer('sigstore.pem') });
  t.deepEqual(sigstore.problems, []);
  t.like(sigstore, { time: '2025-05-09T11:58:55Z', accuracy: 1_000_000, policy: '1.3.6.1.4.1.57264.2', tsa: { subject: 'O=sigstore.dev, CN=sigstore-tsa' } });
  // Of bytes that are not published; all else is of a trusted authority.
  const identrust = verifyTimestamp(peer('identrust.der'), { checkpoint: 'hello', roots: peer('identrust.crt') });
  t.deepEqual(codesOf(identrust), ['imprint_mismatch']);
  t.like(identrust, { time: '2025-03-11T08:52:08Z', accuracy: null, policy: '2.16.840.1.113839.0.6.13.3' });
  const crossed = verifyTimestamp(peer('sigstore.der'), { checkpoint: 'hello', roots: peer('identrust.crt') });
  t.deepEqual(codesOf(crossed), ['chain_untrusted']);
  t.is(crossed.time, null);
});

test('a request has the hash, a nonce of its own, and the policy', (t) => {
  const made = timestampRequest(checkpoint, { policy: '2.999.128' });
  t.is(made.imprint, sha256(checkpoint));
  t.regex(made.nonce, /^[4-7][0-9a-f]{15}$/);
  const hex = Buffer.from(made.request).toString('hex');
  // TimeStampReq { 1, { { SHA-256, NULL }, hash }, 2.999.128, nonce, TRUE }
  t.is(hex, `30490201013031300d060960864801650304020105000420${made.imprint}0604883781000208${made.nonce}0101ff`);
  t.not(timestampRequest(checkpoint).nonce, timestampRequest(checkpoint).nonce);
});

test('a token of something else is told from it', (t) => {
  const codes = (options: object) => codesOf(verifyTimestamp(token, { checkpoint, roots, ...options }));
  t.deepEqual(codes({}), []);
  t.deepEqual(codes({ checkpoint: older }), ['imprint_mismatch']);
  t.deepEqual(codes({ checkpoint: checkpoint.replace(/\n$/, '') }), ['imprint_mismatch']);
  t.deepEqual(codes({ request: timestampRequest(checkpoint).request }), ['nonce_mismatch']);
  t.deepEqual(codes({ policy: '1.2.3.4.5' }), ['timestamp_policy']);
  const other = verifyTimestamp(token, { checkpoint: older, roots });
  t.is(other.time, '2026-11-22T06:56:55.613Z');
});

test('an answer to something else, a refusal and a torn one are told apart', (t) => {
  const code = (fields: object) => errorOf(t, () => timestampIngest({ checkpoint, request, response, ...fields }));
  t.is(code({ checkpoint: older }), 'ERR_TIMESTAMP_MISMATCH');
  t.is(code({ checkpoint: older, request: timestampRequest(older).request }), 'ERR_TIMESTAMP_MISMATCH');
  t.is(code({ request: timestampRequest(checkpoint).request }), 'ERR_TIMESTAMP_MISMATCH');
  t.is(code({ request: response }), 'ERR_TIMESTAMP_MALFORMED');
  t.is(code({ response: request }), 'ERR_TIMESTAMP_MALFORMED');
  t.is(code({ response: Buffer.from('<html>') }), 'ERR_TIMESTAMP_MALFORMED');
  t.is(code({ response: Buffer.concat([response, Buffer.of(0)]) }), 'ERR_TIMESTAMP_MALFORMED');
  t.is(code({ response: response.subarray(0, -1) }), 'ERR_TIMESTAMP_MALFORMED');
  t.is(code({ response: Buffer.alloc(1 << 17) }), 'ERR_TIMESTAMP_MALFORMED');
  // PKIStatusInfo { rejection, { "no" }, badAlg }, and a status without a token.
  const refused = Buffer.from('300f300d0201023004 0c026e6f 03020780'.replaceAll(' ', ''), 'hex');
  const error = t.throws(() => timestampIngest({ checkpoint, request, response: refused }), { instanceOf: ProofError });
  t.is(error.code, 'ERR_TIMESTAMP_REFUSED');
  t.regex(error.message, /status 2 \(rejection\): "no"/);
  t.is(code({ response: Buffer.from('30053003020100', 'hex') }), 'ERR_TIMESTAMP_MALFORMED');
  // Granted with modifications.
  const place = Buffer.from(response).indexOf(Buffer.from('3003020100', 'hex'));
  const modified = Uint8Array.from(response);
  modified[place + 4] = 1;
  t.true(timestampIngest({ checkpoint, request, response: modified }).modified);
});

test('arguments that are none are refused', (t) => {
  const refused = (action: () => unknown) => t.throws(action, { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  refused(() => timestampRequest(1 as never));
  for (const policy of ['', '1', '1.2.', '3.1', '1.40', '01.2', 'a', 1]) refused(() => timestampRequest('', { policy } as never));
  refused(() => verifyTimestamp('' as never, { checkpoint, roots }));
  refused(() => verifyTimestamp(token, { checkpoint } as never));
  refused(() => verifyTimestamp(token, { checkpoint, roots: [] }));
  t.is(errorOf(t, () => verifyTimestamp(token, { checkpoint, roots: 'no PEM' })), 'ERR_CERTIFICATE');
  t.is(errorOf(t, () => verifyTimestamp(token, { checkpoint, roots: token })), 'ERR_CERTIFICATE');
  t.is(errorOf(t, () => verifyTimestamp(token, { checkpoint, roots, certificates: roots.replace('M', '') })), 'ERR_CERTIFICATE');
  t.is(errorOf(t, () => verifyTimestamp(token, { checkpoint, roots, request: token })), 'ERR_TIMESTAMP_MALFORMED');
});

test('property: no change of a byte passes, and no bytes throw anything but a typed error', (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 })).map(([place, bits]) => {
      const changed = Uint8Array.from(token);
      changed[place] = (changed[place] ?? 0) ^ bits;
      return changed;
    }),
    fc.tuple(fc.nat(token.length), fc.nat(token.length)).map(([from, to]) => Buffer.concat([token.subarray(0, from), token.subarray(to)])),
  );
  const same = (given: Uint8Array) => Buffer.compare(given, token) === 0;
  fc.assert(
    fc.property(bytes, (given) => {
      const report = verifyTimestamp(given, { checkpoint, roots });
      // What is not signed, and says nothing here, may change: version numbers, unused certificates.
      if (report.ok && !same(given)) t.deepEqual({ ...report }, verifyTimestamp(token, { checkpoint, roots }));
      for (const fields of [{ request: given }, { response: given }]) {
        try {
          timestampIngest({ checkpoint, request, response, ...fields });
        } catch (error) {
          if (!(error instanceof ProofError)) throw error;
        }
      }
      try {
        verifyTimestamp(token, { checkpoint, roots: given, request: given });
      } catch (error) {
        if (!(error instanceof ProofError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('lengths and depths that no token has are refused at once', (t) => {
  // The length of all of it, spelled as DER does not: longer, and left open.
  const behind = token.subarray(4);
  t.is(token[1], 0x82);
  const spelled = (head: string, end = '') => Buffer.concat([Buffer.from(head, 'hex'), behind, Buffer.from(end, 'hex')]);
  const length = behind.length.toString(16).padStart(4, '0');
  t.true(verifyTimestamp(spelled(`3082${length}`), { checkpoint, roots }).ok);
  for (const bytes of [spelled(`308300${length}`), spelled(`30840000${length}`), spelled('3080', '0000'), spelled(`3082${length}`, '00')]) {
    t.deepEqual(codesOf(verifyTimestamp(bytes, { checkpoint, roots })), ['timestamp_malformed']);
  }
  const nested = Buffer.alloc(60_000);
  for (let place = 0; place < nested.length; place += 4) nested.writeUInt32BE(0x30830000 | (nested.length - place - 4), place);
  for (const bytes of [nested, Buffer.alloc(60_000, 0x30), Buffer.alloc(60_000, '3080', 'hex'), Buffer.of(), Buffer.of(0x30), Buffer.of(0x30, 0x84, 255, 255, 255, 255)]) {
    t.deepEqual(codesOf(verifyTimestamp(bytes, { checkpoint, roots })), ['timestamp_malformed']);
  }
});

testWith(['openssl'], 'tokens of a real authority, of each algorithm and form, with and without certificates', (t) => {
  const tsa = new Tsa(newFolder(t));
  tsa.issue('root', { use: 'ca', key: 'rsa' });
  tsa.issue('mid', { use: 'last', by: 'root' });
  for (const [name, section, key] of [['ec', 'tsa_modern', 'ec'], ['rsa', 'tsa_modern', 'rsa'], ['old', 'tsa_old', 'rsa']] as const) {
    tsa.issue(name, { use: 'tsa', by: 'mid', key, digest: 'sha384' });
    const made = timestampRequest(newer);
    const taken = timestampIngest({ checkpoint: newer, request: made.request, response: tsa.reply(name, made.request, ['mid'], section) });
    t.true(tsa.verifies(taken.token, newer, 'root', 'mid'), name);
    const report = verifyTimestamp(taken.token, { checkpoint: newer, roots: tsa.pem('root'), request: made.request });
    t.deepEqual(codesOf(report), [], name);
    t.is(report.time, taken.time);
    t.is(report.tsa?.subject, `CN=${name}`);
    // With a root of the caller's farther down the way, or the authority itself.
    for (const root of ['mid', name]) t.true(verifyTimestamp(taken.token, { checkpoint: newer, roots: tsa.pem(root) }).ok, root);
  }
  const policy = '1.2.3.4.5';
  const asked = timestampRequest(newer, { policy });
  const { token: short } = timestampIngest({ checkpoint: newer, request: asked.request, response: tsa.reply('ec', asked.request, []) });
  const options = { checkpoint: newer, roots: tsa.pem('root'), request: asked.request };
  t.deepEqual(codesOf(verifyTimestamp(short, options)), ['chain_untrusted']);
  const report = verifyTimestamp(short, { ...options, certificates: tsa.pem('mid') });
  t.deepEqual([report.ok, report.policy], [true, policy]);
  const refused = timestampRequest(newer, { policy: '1.2.3.4.6' }).request;
  t.is(errorOf(t, () => timestampIngest({ checkpoint: newer, request: refused, response: tsa.reply('ec', refused, []) })), 'ERR_TIMESTAMP_REFUSED');
});

testWith(['openssl'], 'certificates count at the time that the timestamp says', (t) => {
  const tsa = new Tsa(newFolder(t));
  tsa.issue('root', { use: 'ca', from: '20200101000000Z', to: '20220101000000Z' });
  tsa.issue('mid', { use: 'ca', by: 'root', from: '20200601000000Z', to: '20211201000000Z' });
  tsa.issue('tsa', { use: 'tsa', by: 'mid', from: '20210101000000Z', to: '20210701000000Z' });
  const at = (time: string) =>
    codesOf(verifyTimestamp(tsa.sign('tsa', infoOf({ imprint, time }), ['mid']), { checkpoint: newer, roots: tsa.pem('root') }));
  // All of them have expired by now.
  t.deepEqual(at('20210601120000Z'), []);
  t.deepEqual(at('20210101000000Z'), []);
  t.deepEqual(at('20210701000000Z'), []);
  t.deepEqual(at('20201231235959.999Z'), ['certificate_time']);
  t.deepEqual(at('20210701000001Z'), ['certificate_time']);
  tsa.issue('long', { use: 'tsa', by: 'mid' });
  const long = (time: string) =>
    codesOf(verifyTimestamp(tsa.sign('long', infoOf({ imprint, time }), ['mid']), { checkpoint: newer, roots: tsa.pem('root') }));
  t.deepEqual(long('20211130000000Z'), []);
  t.deepEqual(long('20211215000000Z'), ['certificate_time']);
});

testWith(['openssl'], 'a certificate that is not for timestamps alone, or not of a root, is refused', (t) => {
  const tsa = new Tsa(newFolder(t));
  tsa.issue('root', { use: 'ca' });
  tsa.issue('stranger', { use: 'ca' });
  const codes = (name: string, chain: readonly string[], ...more: string[]) =>
    codesOf(verifyTimestamp(tsa.sign(name, infoOf({ imprint }), chain, ...more), { checkpoint: newer, roots: tsa.pem('root') }));
  const issued = (use: Use, by: string) => {
    tsa.issue(`${by}-${use}`, { use, by });
    return `${by}-${use}`;
  };
  t.deepEqual(codes(issued('tsa', 'root'), []), []);
  for (const use of ['notCritical', 'alsoOther', 'otherUse', 'noUse', 'encipher'] as const) t.deepEqual(codes(issued(use, 'root'), []), ['tsa_usage'], use);
  t.deepEqual(codes(issued('unknown', 'root'), []), ['certificate_unfit']);
  t.deepEqual(codes(issued('tsa', 'stranger'), ['stranger']), ['chain_untrusted']);
  for (const [use, expected] of [
    ['last', []],
    ['wrongUse', ['certificate_unfit']],
    ['constrained', ['certificate_unfit']],
    ['constrainedToo', ['certificate_unfit']],
    ['signOnly', ['certificate_unfit']],
    ['noUse', ['certificate_unfit']],
  ] as const) {
    const mid = issued(use, 'root');
    t.deepEqual(codes(issued('tsa', mid), [mid]), [...expected], use);
  }
  // The authority below the last one is one too many.
  tsa.issue('sub', { use: 'ca', by: 'root-last' });
  t.deepEqual(codes(issued('tsa', 'sub'), ['sub', 'root-last']), ['certificate_unfit']);
  // Of the same name as the root, and with another key.
  const impostor = new Tsa(newFolder(t));
  impostor.issue('root', { use: 'ca' });
  impostor.issue('tsa', { use: 'tsa', by: 'root' });
  const forged = impostor.sign('tsa', infoOf({ imprint }), ['root']);
  t.deepEqual(codesOf(verifyTimestamp(forged, { checkpoint: newer, roots: tsa.pem('root') })), ['chain_untrusted']);
  t.deepEqual(codes('root-tsa', [], '-nocerts'), ['tsa_missing']);
  // A certificate of the same issuer, number and key is not the one that was signed with.
  const other = tsa.issue('twin', { use: 'tsa', by: 'root', serial: '4711' });
  const signer = tsa.issue('twin', { use: 'tsa', by: 'root', serial: '4711', to: '20490102000000Z' });
  for (const how of [[], ['-keyid']]) {
    const bare = tsa.sign('twin', infoOf({ imprint }), [], '-nocerts', ...how);
    const given = (certificates: string | undefined) => codesOf(verifyTimestamp(bare, { checkpoint: newer, roots: tsa.pem('root'), certificates }));
    t.deepEqual(given(signer), []);
    t.deepEqual(given(other), ['tsa_missing']);
    t.deepEqual(given(`${other}${signer}`), []);
    t.deepEqual(given(tsa.pem('root-tsa')), ['tsa_missing']);
  }
});

testWith(['openssl'], 'weak algorithms are refused, other ones of RSA and Ed25519 taken', (t) => {
  const tsa = new Tsa(newFolder(t));
  tsa.issue('root', { use: 'ca', key: 'rsa' });
  const codes = (name: string, ...more: string[]) =>
    codesOf(verifyTimestamp(tsa.sign(name, infoOf({ imprint }), [], ...more), { checkpoint: newer, roots: tsa.pem('root') }));
  tsa.issue('rsa', { use: 'tsa', by: 'root', key: 'rsa' });
  t.deepEqual(codes('rsa'), []);
  t.deepEqual(codes('rsa', '-md', 'sha512'), []);
  t.deepEqual(codes('rsa', '-md', 'sha256', '-keyopt', 'rsa_padding_mode:pss'), []);
  t.deepEqual(codes('rsa', '-md', 'sha1'), ['timestamp_algorithm']);
  tsa.issue('weak', { use: 'tsa', by: 'root', key: 'rsa1024' });
  t.deepEqual(codes('weak'), ['timestamp_algorithm']);
  tsa.issue('old', { use: 'tsa', by: 'root', digest: 'sha1' });
  t.deepEqual(codes('old'), ['chain_untrusted']);
  tsa.issue('edwards', { use: 'ca', key: 'ed25519', digest: 'none' });
  tsa.issue('below', { use: 'tsa', by: 'edwards', digest: 'none' });
  const below = tsa.sign('below', infoOf({ imprint }), []);
  t.deepEqual(codesOf(verifyTimestamp(below, { checkpoint: newer, roots: tsa.pem('edwards') })), []);
});

testWith(['openssl'], 'a timestamp of another form is refused, though it is signed', (t) => {
  const tsa = new Tsa(newFolder(t));
  tsa.issue('root', { use: 'ca' });
  tsa.issue('tsa', { use: 'tsa', by: 'root' });
  const codes = (info: Uint8Array) => codesOf(verifyTimestamp(tsa.sign('tsa', info, []), { checkpoint: newer, roots: tsa.pem('root') }));
  const hex = (text: string) => Buffer.from(text, 'hex');
  t.deepEqual(codes(infoOf({ imprint })), []);
  t.deepEqual(codes(infoOf({ imprint: sha256('other') })), ['imprint_mismatch']);
  t.deepEqual(codes(infoOf({ imprint, algorithm: '06052b0e03021a' })), ['imprint_mismatch']);
  t.deepEqual(codes(infoOf({ imprint, version: 2 })), ['timestamp_malformed']);
  for (const time of ['20210601120000', '20210601120000+0100', '20210231120000Z', '202106011200Z', '20210601120000.0Z', '20210601120000.10Z', '20210601250000Z']) {
    t.deepEqual(codes(infoOf({ imprint, time })), ['timestamp_malformed'], time);
  }
  t.deepEqual(codes(infoOf({ imprint, more: [hex('a10c300a06032a03040101ff0400')] })), ['timestamp_malformed']);
  t.deepEqual(codes(infoOf({ imprint, more: [hex('a109300706032a03040400')] })), []);
  t.deepEqual(codes(infoOf({ imprint, more: [hex('0500')] })), ['timestamp_malformed']);
  // Nonces of 0, with one and with two bytes; ordering that is neither true nor false.
  t.deepEqual(codes(infoOf({ imprint, more: [hex('020100')] })), []);
  t.deepEqual(codes(infoOf({ imprint, more: [hex('02020000')] })), ['timestamp_malformed']);
  t.deepEqual(codes(infoOf({ imprint, more: [hex('010101')] })), ['timestamp_malformed']);
  t.deepEqual(codes(infoOf({ imprint, more: [hex('3005020101800203e8')] })), ['timestamp_malformed']);
  t.deepEqual(codes(Buffer.concat([infoOf({ imprint }), hex('0500')])), ['timestamp_malformed']);
});

test('who makes no timestamp does not load what reads them', (t) => {
  const loaded = (action: string) =>
    spawnSync(process.execPath, ['-e', `${action}; console.log(Object.keys(require.cache).some((path) => /timestamp.vendor/.test(path)))`], { cwd: projectRoot, encoding: 'utf8' }).stdout.trim();
  const load = "require('sealwright'); const proofs = require('sealwright/proofs'); require('sealwright/evidence'); require('sealwright/crosscheck')";
  t.is(loaded(load), 'false');
  t.is(loaded(`${load}; proofs.timestampRequest('')`), 'true');
});
