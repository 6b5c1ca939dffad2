/*
 * Badges: a label and what a token is worth, as an SVG of 20 pixels' height and the widths of badge-maker, or as the JSON of a
 * Shields endpoint.
 *
 * A badge says "verified" of a token that verified now, and says VERIFIED, and of nothing else. It is a picture: whoever has
 * it has no proof of anything.
 */

import { checkOptions, checkString, invalidArgument, show } from '../args.js';
import { AttestationResult } from './result.js';
import type { AttestationVerification } from './verify.js';

/** What a badge can say that is not of a token. */
export type BadgeStatus = 'unknown' | 'invalid' | 'expired' | 'revoked' | 'blocked' | 'issued' | 'failed';

/** What a badge is made of: what {@link verifyAttestation} or {@link createAttestation} gave, or a word. */
export type BadgeInput = AttestationVerification | AttestationResult | BadgeStatus;

/** Options of {@link badgeSvg} and {@link badgeEndpoint}. */
export interface BadgeOptions {
  /** The left half; 1 to 64 characters, default `attestation`. */
  readonly label?: string | undefined;
}

/** What a Shields endpoint answers (shields.io/badges/endpoint-badge). */
export interface BadgeEndpoint {
  readonly schemaVersion: 1;
  readonly label: string;
  readonly message: string;
  readonly color: string;
  readonly isError: boolean;
}

/**
 * The SVG of a badge. Text is escaped; it has no script, no style and no link.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`
 */
export function badgeSvg(of: BadgeInput, options?: BadgeOptions): string {
  const { label, message, color } = badgeEndpoint(of, options);
  const [left, right] = [widthOf(label), widthOf(message)];
  const text = `${escaped(label)}: ${escaped(message)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${text}">`,
    `<title>${text}</title>`,
    `<rect width="${left}" height="20" fill="#555"/>`,
    `<rect x="${left}" width="${right}" height="20" fill="${color}"/>`,
    `<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">`,
    `<text x="${left / 2}" y="14" textLength="${left - PADDING}">${escaped(label)}</text>`,
    `<text x="${left + right / 2}" y="14" textLength="${right - PADDING}">${escaped(message)}</text>`,
    '</g></svg>\n',
  ].join('');
}

/**
 * The same for a Shields endpoint, which draws it.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`
 */
export function badgeEndpoint(of: BadgeInput, options?: BadgeOptions): BadgeEndpoint {
  const given = checkOptions(options, ['label'], 'a badge').label;
  const label = given === undefined ? 'attestation' : checkString(given, 'label');
  // What an XML document cannot hold, and what turns text around.
  if (label.length === 0 || label.length > 64 || /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(label)) throw invalidArgument('label must have 1 to 64 characters that can be shown');
  const { message, color } = saying(of);
  return { schemaVersion: 1, label, message, color, isError: color === RED };
}

/** White text on each has a contrast of at least 4.5 (WCAG 2.2, 1.4.3). */
const GREEN = '#00843a';
const RED = '#c62828';
const AMBER = '#8a6d00';
const GREY = '#6b6b6b';
const BLUE = '#0067a3';

const WORDS: Readonly<Record<BadgeStatus, string>> = {
  unknown: GREY,
  invalid: RED,
  expired: AMBER,
  revoked: RED,
  blocked: RED,
  issued: BLUE,
  failed: RED,
};

function saying(of: unknown): { readonly message: string; readonly color: string } {
  if (typeof of === 'string' && Object.hasOwn(WORDS, of)) return { message: of, color: WORDS[of as BadgeStatus] };
  // That it was signed is not that it was verified.
  if (of instanceof AttestationResult) return of.isIssued ? { message: 'issued', color: BLUE } : { message: 'blocked', color: RED };
  if (typeof of === 'object' && of !== null && 'status' in of && 'claims' in of) return ofVerification(of as AttestationVerification);
  throw invalidArgument(`a badge is made of a verification, an AttestationResult, or one of ${Object.keys(WORDS).join(', ')}; found ${show(of)}`);
}

function ofVerification({ status, claims }: AttestationVerification): { readonly message: string; readonly color: string } {
  switch (status) {
    case 'VALID': {
      const said = claims === null ? undefined : 'result' in claims.qwed ? claims.qwed.result.status : claims.qwed.verdict;
      return said === 'VERIFIED' ? { message: 'verified', color: GREEN } : { message: 'failed', color: RED };
    }
    case 'EXPIRED':
      return { message: 'expired', color: AMBER };
    case 'REVOKED':
      return { message: 'revoked', color: RED };
    default:
      return { message: 'invalid', color: RED };
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Beside the text, on both sides together, in pixels. */
const PADDING = 10;

/** What text takes in Verdana of 11 pixels, an odd number of them so that its middle is on one, and its padding. */
function widthOf(text: string): number {
  const widths = Array.from(text, (character) => ADVANCES[(character.codePointAt(0) ?? 0) - 32] ?? WIDEST);
  const width = Math.floor(widths.reduce((sum, advance) => sum + advance, 0) / 100);
  return (width % 2 === 0 ? width + 1 : width) + PADDING;
}

/** The advances of U+0020 to U+007E in Verdana at 11 pixels, in hundredths of one: those that badge-maker reckons with. */
const ADVANCES: readonly number[] = [
  387, 433, 505, 900, 699, 1184, 799, 295, 500, 500, 699, 900, 400, 500, 400, 500, 699, 699, 699, 699, 699, 699, 699, 699,
  699, 699, 500, 500, 900, 900, 900, 600, 1100, 752, 754, 768, 848, 696, 632, 853, 827, 463, 500, 762, 612, 927, 823, 866,
  663, 866, 765, 752, 678, 805, 752, 1088, 754, 677, 754, 500, 500, 500, 900, 699, 699, 661, 685, 573, 685, 655, 387, 685,
  696, 302, 379, 651, 302, 1070, 696, 668, 685, 685, 469, 573, 433, 696, 651, 900, 651, 651, 578, 698, 500, 698, 900,
];
const WIDEST = 1184;
