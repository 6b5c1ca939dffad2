/*
 * Every command, in the order of the manual.
 */

import type { CommandSpec } from '../command.js';
import { completion } from './completion.js';
import { doctor } from './doctor.js';
import { exportCommand } from './export.js';
import { forkCheck } from './fork.js';
import { headCheck, headSave, headShow } from './head.js';
import { init } from './init.js';
import { inspect } from './inspect.js';
import { keygen } from './keygen.js';
import { pack } from './pack.js';
import { prune } from './prune.js';
import { query } from './query.js';
import { recover } from './recover.js';
import { replay } from './replay.js';
import { reportHtml } from './report.js';
import { restore } from './restore.js';
import { rotateKey } from './rotate-key.js';
import { stats } from './stats.js';
import { tail } from './tail.js';
import { tamperTest } from './tamper-test.js';
import { tilesExport } from './tiles.js';
import { timestampIngestCommand, timestampRequestCommand, timestampVerifyCommand } from './timestamp.js';
import { tokensKeygen, tokensRevocations, tokensRevoke, tokensServe, tokensVerify } from './tokens.js';
import { verify } from './verify.js';
import { view } from './view.js';
import { witnessKeyCommand, witnessServe } from './witness.js';

export const commands: readonly CommandSpec[] = [
  verify,
  inspect,
  replay,
  tail,
  stats,
  query,
  view,
  reportHtml,
  pack,
  exportCommand,
  headShow,
  headSave,
  headCheck,
  timestampRequestCommand,
  timestampIngestCommand,
  timestampVerifyCommand,
  tamperTest,
  init,
  keygen,
  rotateKey,
  recover,
  prune,
  restore,
  tilesExport,
  witnessServe,
  witnessKeyCommand,
  forkCheck,
  tokensKeygen,
  tokensServe,
  tokensRevoke,
  tokensRevocations,
  tokensVerify,
  doctor,
  completion,
];
