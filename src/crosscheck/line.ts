/*
 * One line of a ledger by itself: checks 2 to 10 of the format, and what the later ones need of it. Each check is made
 * over the whole line before the next.
 */

import { toHex } from './bytes.js';
import { sortedKeys, writeAsItStands, writeCanonical } from './canonical.js';
import { EVENT, type Field, type Fields, fieldsOfKind, isHex, isKindName, KIND_NAME, LINE } from './fields.js';
import {
  decodeUtf8,
  type JsonObject,
  type JsonValue,
  objectOf,
  opensObject,
  readJson,
  Refusal,
  type RefusalKind,
  type Trail,
} from './json.js';
import { Sha256 } from './sha256.js';
import { Fault, shown, shownPath, shownText, Unreadable } from './stop.js';

/** A line whose fields are what they must be. */
export interface Line {
  readonly seq: number;
  readonly nanos: bigint;
  readonly kind: string;
  readonly parentHash: string;
  readonly selfHash: string;
  readonly signature: string;
  readonly signer: string;
  readonly hasMalformedDigest: boolean;
  /** The text and the values that it stands for. */
  readonly text: string;
  readonly object: JsonObject;
}

/**
 * The line of its bytes.
 *
 * @throws {@link Unreadable} by checks 2 to 4, {@link Fault} by checks 5 to 10
 */
export function readLine(bytes: Uint8Array): Line {
  const { text, value, repeated } = parse(bytes);
  if (repeated !== undefined) {
    throw new Fault('duplicate_key', 'an object has a key twice', null, shownPath(repeated));
  }
  const object = objectOf(value) as JsonObject;
  const containers = containersOf(object);
  checkKeys(containers);
  const slots = slotsOf(containers);
  for (const slot of slots) checkType(slot);
  for (const slot of slots) checkRange(slot);
  for (const slot of slots) checkHex(slot);
  return lineOf(text, object, slots);
}

/** `self_hash` as it recomputes: SHA-256 of the canonical form of the four values that are signed. */
export function hashOf({ object }: Line): string {
  const signed = new Map<string, JsonValue>();
  for (const name of ['event', 'parent_hash', 'seq', 'timestamp_nanos']) signed.set(name, object.get(name) ?? null);
  const encoder = new TextEncoder();
  const digest = new Sha256();
  writeCanonical(signed, (part) => digest.update(encoder.encode(part)));
  return toHex(digest.digest());
}

/** Whether the text is the writer's: the keys of the tables in their order, all others as they stand. */
export function isAsWritten({ text, object, kind }: Line): boolean {
  const event = object.get('event') as JsonObject;
  const payload = event.get('payload') as JsonObject;
  const fields = fieldsOfKind(kind);
  const written = inOrder(LINE, object);
  const writtenEvent = inOrder(EVENT, event);
  writtenEvent.set('payload', fields === undefined ? payload : inOrder(fields, payload));
  written.set('event', writtenEvent);
  let compared = 0;
  let isSame = true;
  writeAsItStands(written, (part) => {
    isSame &&= text.startsWith(part, compared);
    compared += part.length;
  });
  return isSame && compared === text.length;
}

/** A field of the payload of a known kind that holds a string. */
export function textField({ object }: Line, name: string): string {
  const payload = (object.get('event') as JsonObject).get('payload') as JsonObject;
  return payload.get(name) as string;
}

const REFUSALS: Readonly<Record<RefusalKind, string>> = {
  utf8: 'not UTF-8',
  syntax: 'not valid JSON',
  depth: 'nesting deeper than the limit',
  lone_surrogate: 'a lone surrogate',
  number_overflow: 'a number that no double can hold',
};

function parse(bytes: Uint8Array): { text: string; value: JsonValue; repeated: Trail | undefined } {
  try {
    const text = decodeUtf8(bytes);
    if (!opensObject(text)) throw new Unreadable('ERR_LEDGER_MALFORMED', 'a line that is no JSON object');
    return { text, ...readJson(text) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const path = shownPath(error.trail);
    const what = `${REFUSALS[error.kind]} at byte ${error.byte}${path === '' ? '' : ` (${path})`} of the line`;
    throw new Unreadable(error.kind === 'depth' ? 'ERR_DEPTH_EXCEEDED' : 'ERR_LEDGER_MALFORMED', what);
  }
}

/** An object whose keys are fixed, and where it stands. */
interface Container {
  readonly prefix: string;
  readonly members: JsonObject;
  readonly fields: Fields;
}

/** The line, its event, and the payload of a known kind, as far as they are objects. */
function containersOf(line: JsonObject): Container[] {
  const containers: Container[] = [{ prefix: '', members: line, fields: LINE }];
  const event = objectOf(line.get('event'));
  if (event === undefined) return containers;
  containers.push({ prefix: 'event', members: event, fields: EVENT });
  const kind = event.get('type');
  const fields = typeof kind === 'string' ? fieldsOfKind(kind) : undefined;
  const payload = objectOf(event.get('payload'));
  if (fields !== undefined && payload !== undefined) {
    containers.push({ prefix: 'event.payload', members: payload, fields });
  }
  return containers;
}

function checkKeys(containers: readonly Container[]): void {
  for (const { prefix, members, fields } of containers) {
    const key = sortedKeys(members).find((one) => !fields.has(one));
    if (key === undefined) continue;
    throw new Fault('unsigned_field', 'a field that the hash does not cover', null, join(prefix, shownText(key)));
  }
  for (const { prefix, members, fields } of containers) {
    for (const key of fields.keys()) {
      if (!members.has(key)) throw new Fault('missing_field', 'a field is missing', join(prefix, key));
    }
  }
}

function join(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}.${key}`;
}

/** A field with what stands there. */
interface Slot {
  readonly path: string;
  readonly value: JsonValue;
  readonly field: Field;
}

/** All fields in the order in which they are looked at: what is inside a field comes behind it. */
function slotsOf(containers: readonly Container[]): Slot[] {
  const slots: Slot[] = [];
  const add = (place: number) => {
    const container = containers[place];
    if (container === undefined) return;
    const { prefix, members, fields } = container;
    for (const [key, field] of fields) {
      slots.push({ path: join(prefix, key), value: members.get(key) ?? null, field });
      if (key === 'event' || key === 'payload') add(place + 1);
    }
  };
  add(0);
  return slots;
}

function checkType({ path, value, field }: Slot): void {
  const reason = `${path} has the wrong type`;
  if (!field.hasType(value)) throw new Fault('wrong_type', reason, field.type, shown(value));
  if (path === 'event.type' && !isKindName(value as string)) {
    throw new Fault('wrong_type', reason, KIND_NAME, shownText(value as string));
  }
}

function checkRange({ path, value, field }: Slot): void {
  if (field.largest === undefined || field.range === undefined) return;
  if ((value as bigint) < 0n || (value as bigint) > field.largest) {
    throw new Fault('out_of_range', `${path} is out of range`, field.range, shown(value));
  }
}

function checkHex({ path, value, field: { digits } }: Slot): void {
  if (digits === undefined || isHex(value as string, digits)) return;
  const wanted = `${digits} lower-case hex digits`;
  throw new Fault('non_canonical_hex', `${path} is not canonical hex`, wanted, shownText(value as string));
}

function lineOf(text: string, object: JsonObject, slots: readonly Slot[]): Line {
  const event = object.get('event') as JsonObject;
  const kind = event.get('type') as string;
  return {
    seq: Number(object.get('seq')),
    nanos: object.get('timestamp_nanos') as bigint,
    kind,
    parentHash: object.get('parent_hash') as string,
    selfHash: object.get('self_hash') as string,
    signature: object.get('signature') as string,
    signer: object.get('signer_pubkey') as string,
    hasMalformedDigest: slots.some(isMalformedDigest),
    text,
    object,
  };
}

function isMalformedDigest({ value, field }: Slot): boolean {
  return field.isDigest === true && !isHex(value as string, 64) && !(field.mayBeEmpty === true && value === '');
}

function inOrder(fields: Fields, members: JsonObject): Map<string, JsonValue> {
  const ordered = new Map<string, JsonValue>();
  for (const name of fields.keys()) ordered.set(name, members.get(name) ?? null);
  return ordered;
}
