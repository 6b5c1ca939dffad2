/*
 * Where text goes. Data is for standard output; all else, and the progress of long work, for standard error.
 *
 * A line is made of parts, strings or painted strings. Every part is made visible here before it is painted, so that
 * nothing a ledger holds reaches a terminal as it is, whichever command prints it.
 */

import { styleText } from 'node:util';
import { visible, visibleJson } from './safe-text.js';

/** How a part looks where colours are wanted. Never the only sign of what it says. */
export type Paint = 'bold' | 'dim' | 'good' | 'bad' | 'warn';

/** Text and how it looks. */
export interface Painted {
  readonly paint: Paint;
  readonly text: string;
}

/** Part of a line. */
export type Part = string | Painted;

const FORMATS = { bold: 'bold', dim: 'dim', good: 'green', bad: 'red', warn: 'yellow' } as const;

/** Paints text. */
export function paint(how: Paint, text: string): Painted {
  return { paint: how, text };
}

/** One of the two streams. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  readonly #colour: boolean;
  /** Whether a person reads it. */
  readonly isTerminal: boolean;

  constructor(stream: NodeJS.WriteStream, colour: boolean) {
    this.#stream = stream;
    this.#colour = colour;
    this.isTerminal = stream.isTTY === true;
  }

  /** How wide a terminal is; 80 for everything else. */
  get columns(): number {
    return this.isTerminal && this.#stream.columns > 0 ? this.#stream.columns : 80;
  }

  /** One line. */
  line(...parts: readonly Part[]): void {
    this.#stream.write(`${this.#render(parts)}\n`);
  }

  /** Replaces the line that a terminal shows last; with no part it is wiped. */
  status(...parts: readonly Part[]): void {
    this.#stream.write(`\r\u001b[2K${this.#render(parts)}`);
  }

  /** A value as JSON, on several lines. */
  json(value: unknown): void {
    this.#stream.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
  }

  /** A value as JSON on one line. */
  jsonLine(value: unknown): void {
    this.#stream.write(`${visibleJson(JSON.stringify(value))}\n`);
  }

  /**
   * Lines of JSON that are data: byte for byte as they are, unless a person reads them. Resolves when there is room for
   * more.
   */
  data(json: string): Promise<void> {
    return this.#paced(`${this.isTerminal ? visibleJson(json) : json}\n`);
  }

  /** {@link Output.line} where there are many: resolves when there is room for more. */
  pacedLine(...parts: readonly Part[]): Promise<void> {
    return this.#paced(`${this.#render(parts)}\n`);
  }

  async #paced(text: string): Promise<void> {
    if (this.#stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        this.#stream.off('drain', go).off('close', go);
        resolve();
      };
      this.#stream.on('drain', go).on('close', go);
    });
  }

  #render(parts: readonly Part[]): string {
    return parts.map((part) => (typeof part === 'string' ? visible(part) : this.#painted(part))).join('');
  }

  #painted({ paint: how, text }: Painted): string {
    const shown = visible(text);
    // Whether colours are wanted was decided from options and environment; styleText would decide again.
    return this.#colour ? styleText(FORMATS[how], shown, { validateStream: false }) : shown;
  }
}

/**
 * Whether a stream gets colours: `--no-color` and `NO_COLOR` say no, `FORCE_COLOR` says yes unless it is `0`, and else
 * a terminal does that is not dumb.
 */
export function wantsColour(stream: NodeJS.WriteStream, option: boolean, environment: NodeJS.ProcessEnv): boolean {
  if (!option || (environment['NO_COLOR'] ?? '') !== '') return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}
