// A witness that is killed when it has cosigned and kept a checkpoint, and before it answers.

import { serveWitness, Witness } from 'sealwright/proofs';
import { keypair } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

/** Where it keeps what it cosigned, and whose checkpoints that are. */
export interface Plan {
  readonly state: string;
  readonly logs: readonly string[];
  /** The size of the checkpoint at which it is killed. */
  readonly lastSize: number;
}

const { state, logs, lastSize } = input as Plan;
const witness = new Witness({ state, keypair, name: 'w.example', logs });
const { url } = await serveWitness({
  witness,
  onAnswer: ({ status, size }) => {
    if (status === 200 && size === lastSize) process.kill(process.pid, 'SIGKILL');
  },
});
say({ url, key: witness.key });
