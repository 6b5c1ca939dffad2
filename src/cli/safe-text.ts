/*
 * Text of a ledger, a path or an error, made safe for a terminal: whoever wrote it must not move the cursor, colour
 * a verdict, reverse a line or hide a word.
 *
 * What is not seen is spelled out by its code point: U+001B is `\u{1b}`, U+202E is `\u{202e}`. That covers controls (C0,
 * DEL, C1), format characters (bidirectional marks and overrides, tags, joiners, soft hyphen), separators of lines and
 * paragraphs, fillers and variation selectors, and what is no character: surrogates alone, private use, unassigned.
 */

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;

/** The text on one line, nothing of it invisible. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * JSON text of the same value, every such character in it as an escape of JSON: `\u202e`. Line ends of the layout stay.
 * Only inside of strings can JSON hold any of them, so the value does not change.
 */
export function visibleJson(json: string): string {
  return json.replace(UNSEEN, (character) => {
    if (character === '\n') return character;
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
