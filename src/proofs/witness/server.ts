/*
 * A witness over HTTP: `POST /add-checkpoint` and nothing else (c2sp.org/tlog-witness).
 *
 * | status | when, besides those of the protocol and of all servers here |
 * |---|---|
 * | 404, 405 | another path, another method |
 * | 500 | what was cosigned cannot be read or kept |
 */

import type { IncomingMessage } from 'node:http';
import { checkOptions, invalidArgument, show } from '../../args.js';
import { bodyOf, checkServing, type LocalAnswer, type LocalServer, Refused, serveLocally, SERVING_NAMES, type ServingOptions } from '../../local-server.js';
import { isWitness, type Witness, type WitnessAnswer } from './witness.js';

/** Options of {@link serveWitness}. */
export interface ServeWitnessOptions extends ServingOptions {
  /** What answers. It stays open when the server closes. */
  readonly witness: Witness;
  /** Called with each answer of the witness before it is sent; for records of what happens. */
  readonly onAnswer?: ((answer: WitnessAnswer) => void) | undefined;
  /** Called with why a request was answered with status 500, and with what `onAnswer` throws. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A server that listens. Its `url` is what policies and `urls` name. */
export type WitnessServer = LocalServer;

const MAX_BODY = 1 << 20;
const PATH = '/add-checkpoint';

/**
 * Listens for requests to a witness.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE`; errors of the system, such as `EADDRINUSE`
 */
export async function serveWitness(options: ServeWitnessOptions): Promise<WitnessServer> {
  const given = checkOptions(options, ['witness', 'onAnswer', ...SERVING_NAMES], 'serveWitness');
  const { witness, onAnswer } = given;
  if (!isWitness(witness)) throw invalidArgument(`witness must be a Witness, found ${show(witness)}`);
  if (onAnswer !== undefined && typeof onAnswer !== 'function') throw invalidArgument(`onAnswer must be a function, found ${show(onAnswer)}`);
  const serving = checkServing(given);
  const tell = telling(onAnswer as ServeWitnessOptions['onAnswer'], serving.onError);
  return serveLocally(serving, 'what was cosigned cannot be read or kept', (request) => answerTo(request, witness, tell));
}

async function answerTo(request: IncomingMessage, witness: Witness, tell: (answer: WitnessAnswer) => void): Promise<LocalAnswer> {
  if (request.url !== PATH) throw new Refused(404, `there is ${PATH} and nothing else`);
  if (request.method !== 'POST') throw new Refused(405, 'checkpoints come by POST', { allow: 'POST' });
  const answer = await witness.addCheckpoint(await bodyOf(request, MAX_BODY));
  tell(answer);
  return answer;
}

/** What a listener throws changes no answer: the checkpoint was cosigned. */
function telling(onAnswer: ServeWitnessOptions['onAnswer'], onError: (error: unknown) => void): (answer: WitnessAnswer) => void {
  return (answer) => {
    try {
      onAnswer?.(answer);
    } catch (error) {
      onError(error);
    }
  };
}
