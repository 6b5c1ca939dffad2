// An agent that starts programs while it has a ledger open: a child, a forked Node and a grandchild, which all live on.

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { heard, input, say } from '../helpers/talk.mts';

const SECONDS = '100';
const { ledgerPath } = input as { readonly ledgerPath: string };

const session = await Session.open({ keypair, ledgerPath, sessionId: 'parent' });
await session.record(numbered('parent', 0));

const child = spawn('sleep', [SECONDS], { stdio: 'ignore', detached: true });
const forked = fork(fileURLToPath(new URL('sleeper.mjs', import.meta.url)), { stdio: 'ignore', detached: true });
await once(forked, 'message');
const shell = spawn('sh', ['-c', `sleep ${SECONDS} >&- & echo $!`], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
const [grandchild] = (await once(shell.stdout, 'data')) as [Buffer];

say([child.pid, forked.pid, Number(grandchild.toString())]);
await heard();
process.exit();
