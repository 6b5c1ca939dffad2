// Badges: "verified" is said of a token that verified and says VERIFIED, and whatever a label holds it stays text.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeBadge } from 'badge-maker';
import * as fc from 'fast-check';
import { SealwrightTypeError } from 'sealwright';
import { AttestationResult, badgeEndpoint, type BadgeInput, type BadgeStatus, badgeSvg, verifyAttestation } from 'sealwright/tokens';
import { watchFile } from '../helpers/chromium.mts';
import { throwsError } from '../helpers/errors.mts';
import { newFolder } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import { hashOf, TestIssuer } from './helpers/tokens.mts';

const issuer = new TestIssuer();
const trust = { issuers: issuer.registry };
const context = (verdict: string, proof_ref: string | null, admission = 'DENY') => {
  const sub = hashOf('document');
  return issuer.sign(issuer.claims({ sub, qwed: { version: '1.1', document_hash: sub, verdict, admission, proof_ref } }), { typ: 'qwed-context+jwt' });
};

test('verified is what verified and says so, and nothing else', async (t) => {
  const late = new Date(Date.now() + 7 * 86_400_000);
  const failed = await issuer.token({ status: 'FAILED', verified: false });
  const said = async (token: string, options: object = {}) => badgeEndpoint(await verifyAttestation(token, { ...trust, ...options })).message;
  t.is(await said(await issuer.token()), 'verified');
  t.is(await said(context('VERIFIED', hashOf('proof'), 'ADMIT'), { kind: 'context' }), 'verified');
  t.is(await said(failed), 'failed');
  t.is(await said(context('UNVERIFIABLE', null), { kind: 'context' }), 'failed');
  t.is(await said(await issuer.token(), { at: late }), 'expired');
  const contradictions = [issuer.sign(issuer.claims({}, { proof_hash: undefined })), issuer.sign(issuer.claims({}, { result: { status: 'FAILED', verified: true, engine: 'x', confidence: 1 } }))];
  const others = [...contradictions, new TestIssuer().sign(issuer.claims(), { kid: issuer.pair.kid }), 'x', '', context('VERIFIED', hashOf('proof'))];
  for (const token of others) t.is(await said(token), 'invalid', token);
  for (const proof of [context('VERIFIED', null), context('BLOCKED', hashOf('proof'))]) t.is(await said(proof, { kind: 'context' }), 'invalid');
  // That it was signed is no verification.
  t.is(badgeEndpoint(await issuer.issue()).message, 'issued');
  t.is(badgeEndpoint(await issuer.issue({ proofData: undefined })).message, 'blocked');
  t.true((await issuer.issue()) instanceof AttestationResult);
});

const words: readonly BadgeStatus[] = ['unknown', 'invalid', 'expired', 'revoked', 'blocked', 'issued', 'failed'];

test('no word makes a badge say verified', (t) => {
  for (const word of words) {
    t.is(badgeEndpoint(word).message, word);
    t.false(badgeSvg(word).includes('verified'));
  }
  for (const of of ['verified', 'VERIFIED', '', 'toString', '__proto__', null, undefined, true, {}, [], { status: 'VALID' }]) {
    throwsError(t, () => badgeSvg(of as BadgeInput), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
});

test('what Shields reads has its five members', async (t) => {
  const verified = await verifyAttestation(await issuer.token(), trust);
  t.deepEqual(badgeEndpoint(verified), { schemaVersion: 1, label: 'attestation', message: 'verified', color: '#00843a', isError: false });
  t.deepEqual(badgeEndpoint('revoked', { label: 'QWED' }), { schemaVersion: 1, label: 'QWED', message: 'revoked', color: '#c62828', isError: true });
  t.is(badgeEndpoint('unknown').isError, false);
});

/** Contrast by WCAG 2, "relative luminance". */
function contrast(one: string, other: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test('white text can be read on each colour', async (t) => {
  const verified = await verifyAttestation(await issuer.token(), trust);
  for (const of of [verified, ...words]) {
    const { color } = badgeEndpoint(of);
    t.true(contrast('#ffffff', color) >= 4.5, `${color} ${contrast('#ffffff', color)}`);
  }
});

const attacks = [
  '<script>alert(1)</script>',
  '</text><script>top.x=1</script>',
  '</title></svg><script>x()</script>',
  '"/><script>x()</script>',
  '" onload="x()',
  "' onload='x()",
  '<image href="x" onerror="x()"/>',
  '<a href="javascript:x()">',
  '<![CDATA[<script>]]>',
  ']]><script>x()</script>',
  '<!--<script>',
  '<?xml-stylesheet href="x"?>',
  '<!DOCTYPE x [<!ENTITY e "x">]>',
  '&e;&lt;script&gt;&#60;script&#62;',
  '{label}${x}%3Cscript%3E',
  '＜script＞',
];

/** What a badge is made of, read by the grammar of XML as far as badges use it. */
function elementsOf(svg: string): readonly string[] {
  const elements: string[] = [];
  const open: string[] = [];
  const text = /^(?:[^<>&]|&#\d+;)*$/;
  const rest = svg.replaceAll(/<(\/?)([a-z]+)((?: [a-zA-Z-]+(?::[a-z]+)?="(?:[^<>&"]|&#\d+;)*")*)(\/?)>/g, (_, closing: string, name: string, attributes: string, empty: string) => {
    if (closing !== '') {
      if (open.pop() !== name || attributes !== '') throw new Error(`${name} is closed`);
      return '';
    }
    elements.push(name + [...attributes.matchAll(/ ([a-zA-Z-]+)="[^"]*"/g)].map(([, attribute]) => `.${attribute}`).join(''));
    if (empty === '') open.push(name);
    return '';
  });
  if (open.length > 0 || !text.test(rest.trim())) throw new Error(`not XML: ${rest}`);
  return elements;
}

const shape = elementsOf(badgeSvg('unknown'));
const unescaped = (text: string) => text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));

for (const label of attacks) {
  test(`a label is text: ${label}`, (t) => {
    const svg = badgeSvg('invalid', { label });
    t.deepEqual(elementsOf(svg), shape);
    const [, shown = ''] = /<text[^>]*>([^<]*)<\/text>/.exec(svg) ?? [];
    t.is(unescaped(shown), label);
  });
}

test('whatever characters a label has, the badge has the same elements', (t) => {
  t.deepEqual(shape, ['svg.xmlns.width.height.role.aria-label', 'title', 'rect.width.height.fill', 'rect.x.width.height.fill', 'g.fill.text-anchor.font-family.font-size', 'text.x.y.textLength', 'text.x.y.textLength']);
  const label = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), fc.string({ unit: fc.constantFrom(...'<>&"\'/=;#- aé漢🔒'), minLength: 1, maxLength: 20 }));
  let shown = 0;
  const check = (text: string) => {
    let svg: string;
    try {
      svg = badgeSvg('invalid', { label: text });
    } catch (error) {
      t.true(error instanceof SealwrightTypeError);
      return;
    }
    shown += 1;
    t.deepEqual(elementsOf(svg), shape);
    // What XML 1.0 has no way to write (2.2), nor what turns text around.
    t.false(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Cs}/u.test(svg.trimEnd()));
  };
  fc.assert(fc.property(label, check), { numRuns: 2_000 });
  t.true(shown > 500, `${shown}`);
});

test('a label that cannot be shown is refused', (t) => {
  for (const label of ['', 'x'.repeat(65), 'a\0', 'a\nb', '\u202egnp', '\u2066', '\ufeff', '\ufffe', '\ud800', '\u{e0001}', 1, null, {}]) {
    throwsError(t, () => badgeSvg('unknown', { label } as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(label));
  }
  t.notThrows(() => badgeSvg('unknown', { label: 'x'.repeat(64) }));
  throwsError(t, () => badgeSvg('unknown', { color: 'red' } as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
});

test('text has the room that it takes', (t) => {
  const widthOf = (label: string) => Number(/ width="(\d+)"/.exec(badgeSvg('unknown', { label }))?.[1]);
  t.true(widthOf('iiii') < widthOf('mmmm'));
  t.true(widthOf('x'.repeat(64)) > widthOf('x') + 300);
  for (const label of ['a', 'attestation', '漢字', '🔒']) {
    const [, left = ''] = /<rect width="(\d+)"/.exec(badgeSvg('unknown', { label })) ?? [];
    const [, x = '', right = ''] = /<rect x="(\d+)" width="(\d+)"/.exec(badgeSvg('unknown', { label })) ?? [];
    t.deepEqual([Number(x), Number(left) + Number(right)], [Number(left), widthOf(label)]);
  }
});

test('a badge is as wide as one of badge-maker, which stands beside it', (t) => {
  const widthOf = (svg: string) => Number(/ width="(\d+)"/.exec(svg)?.[1]);
  const makers = (label: string, message: string) => widthOf(makeBadge({ label, message, color: '#555' }));
  for (const message of words) t.is(widthOf(badgeSvg(message)), makers('attestation', message), message);
  const letters = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 64 });
  // It adds up fractions of pixels, which may fall on the other side of a whole one.
  const check = (label: string) => t.true(Math.abs(widthOf(badgeSvg('invalid', { label })) - makers(label, 'invalid')) <= 2, label);
  fc.assert(fc.property(letters, check), { numRuns: 300 });
});

testWith(['chromium'], 'a browser runs nothing of a label', async (t) => {
  const folder = newFolder(t);
  const badges = attacks.map((label) => badgeSvg('invalid', { label }));
  const page = join(folder, 'page.html');
  // In a page of its own, where a script would run.
  writeFileSync(page, `<!DOCTYPE html><meta charset="utf-8"><title>badges</title>${badges.join('\n')}`);
  const watched = await watchFile(t, page);
  const found = await watched.page.evaluate(() => ({
    names: [...new Set([...document.querySelectorAll('svg, svg *')].map((element) => element.localName))].toSorted(),
    count: document.querySelectorAll('svg *').length,
    labels: [...document.querySelectorAll('svg')].map((svg) => svg.querySelector('text')?.textContent),
    handlers: [...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith('on') || name === 'href'),
  }));
  t.deepEqual(found, { names: ['g', 'rect', 'svg', 'text', 'title'], count: (shape.length - 1) * badges.length, labels: attacks, handlers: [] });
  t.deepEqual(watched.attempts, []);
  // And as XML, which is read by other rules.
  const errors = await watched.page.evaluate((texts) => texts.map((text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror')?.textContent ?? null), badges);
  t.deepEqual(errors, badges.map(() => null));
});
