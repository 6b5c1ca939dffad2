// The protocol of the signer agent a second time, written from docs/signer.md: frames in hex.

import { connect, type Socket } from 'node:net';
import { sha256Hex } from 'sealwright';

/** A frame: its length, its kind, its body. */
export function frame(kind: number, ...body: readonly Uint8Array[]): string {
  const bytes = Buffer.concat([Buffer.of(kind), ...body]);
  return Buffer.concat([u32(bytes.length), bytes]).toString('hex');
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** A ledger, as a frame names it. */
export function ledger(path: string, first?: string, head?: { readonly seq: number; readonly hash: string }): Buffer {
  const seq = Buffer.alloc(8);
  seq.writeBigUInt64BE(BigInt(head?.seq ?? 0));
  const option = (value: Uint8Array | undefined) => (value ? Buffer.concat([Buffer.of(1), value]) : Buffer.of(0));
  return Buffer.concat([
    Buffer.from(sha256Hex(`path:${path}`), 'hex'),
    option(first === undefined ? undefined : Buffer.from(first, 'hex')),
    option(head && Buffer.concat([seq, Buffer.from(head.hash, 'hex')])),
  ]);
}

export const hello = frame(1, Buffer.from('SWSIGNER'), u32(1));

export function sign(of: Uint8Array, texts: readonly (string | Uint8Array)[]): string {
  return frame(3, of, u32(texts.length), ...texts.map(text));
}

export function endorse(of: Uint8Array, statement: string): string {
  return frame(4, of, text(statement));
}

/**
 * Says frames one after the other; gives the answer to each, `''` where the connection ended instead. An empty frame is not
 * said, and its answer waited for all the same.
 */
export async function ask(path: string, frames: readonly string[]): Promise<string[]> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  const replies = framesOf(socket);
  const answers: string[] = [];
  for (const said of frames) {
    if (said !== '') socket.write(Buffer.from(said, 'hex'));
    const { done, value } = await replies.next();
    answers.push(done === true ? '' : value);
  }
  socket.destroy();
  return answers;
}

/** The frames that arrive, in hex and without their lengths. */
export async function* framesOf(socket: Socket): AsyncGenerator<string, undefined> {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
        const end = 4 + rest.readUInt32BE();
        yield rest.subarray(4, end).toString('hex');
        rest = rest.subarray(end);
      }
    }
  } catch {
    // It was cut off.
  }
  return undefined;
}

/** What an answer refuses with: its code, or undefined. */
export function refusal(reply: string | undefined): number | undefined {
  const bytes = Buffer.from(reply ?? '', 'hex');
  return bytes[0] === 255 ? bytes[1] : undefined;
}
