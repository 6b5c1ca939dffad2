// The power fails, round after round: on a disk of its own, a file system that is shut down under a recorder forgets what
// was never synced. Then it is mounted again, and this process looks at what is left of what was acknowledged.
//
// Runs in mounts of its own, as root. EXT4_IOC_SHUTDOWN without a flush of the log ends all writing to the device at
// once; unmounting then drops the page cache. What remains is what a power failure would have left.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Session, SignedEvent, verifyFile } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

/** What a round came to. */
export interface Round {
  /** Events of which the recorder was told, before the power failed, that they are durable. */
  readonly acknowledged: number;
  /** Seqs of those that are not there, or are others. */
  readonly lost: readonly number[];
  /** Why the ledger could not be opened or verified; null when it could. */
  readonly failure: string | null;
}

type Acknowledged = readonly [seq: number, hash: string];

const { folder, rounds, through } = input as { folder: string; rounds: number; through: readonly string[] };
const image = join(folder, 'disk.img');
const disk = join(folder, 'disk');
const ledgerPath = join(disk, 'ledger.ndjson');
/** Flag 2: without flushing the log. The word on its standard input is the power switch. */
const SWITCH = `
import fcntl, os, struct, sys
disk = os.open(sys.argv[1], os.O_RDONLY)
print("ready", flush=True)
sys.stdin.readline()
fcntl.ioctl(disk, 0x8004587D, struct.pack("I", 2))
`;

mkdirSync(disk);
execFileSync('truncate', ['-s', '96M', image]);
execFileSync('mkfs.ext4', ['-q', '-F', image]);
for (let round = 0; round < rounds; round += 1) say(await fail(round));

async function fail(round: number): Promise<Round> {
  mount();
  const power = spawn('python3', ['-c', SWITCH, disk], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(power.stdout, 'data');
  const recorder = record(round);
  const acknowledged: Acknowledged[] = [];
  const lines = createInterface({ input: recorder.stdout! });
  const first = once(lines, 'line');
  lines.on('line', (line) => acknowledged.push(JSON.parse(line) as Acknowledged));
  const closed = once(recorder, 'close');
  await first;
  await setTimeout(Math.random() * 60);
  // What is told from here on does not count: nothing runs on after a power failure, but after this shutdown a sync whose
  // commit was abandoned under way may still be told that it was done.
  const counted = acknowledged.length;
  power.stdin.end('off\n');
  await once(power, 'close');
  // Its next sync fails, and with that its session; one whose syncs are skipped notices nothing.
  await Promise.race([closed, setTimeout(200)]);
  kill(recorder);
  await closed;
  execFileSync('umount', [disk]);

  mount();
  const answer = await look(acknowledged.slice(0, counted), round);
  execFileSync('umount', [disk]);
  return answer;
}

function mount(): void {
  execFileSync('mount', ['-o', 'loop', image, disk]);
}

/** Starts the program that records as fast as it can. */
function record(round: number): ChildProcess {
  const file = fileURLToPath(new URL('relentless.mjs', import.meta.url));
  const task = JSON.stringify({ ledgerPath, who: `victim-${round}` });
  const [command = '', ...args] = [...through, process.execPath, file, task];
  return spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
}

function kill({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(-pid, 'SIGKILL');
}

/** Opens the ledger as after any crash, and goes on. */
async function look(acknowledged: readonly Acknowledged[], round: number): Promise<Round> {
  let found = new Map<number, string>();
  let failure: string | null = null;
  try {
    const session = await Session.open({ keypair, ledgerPath, sessionId: 'survivor' });
    const lines = readFileSync(ledgerPath, 'utf8').split('\n').filter((line) => line !== '');
    found = new Map(lines.map((line) => SignedEvent.parse(line)).map(({ seq, selfHash }) => [seq, selfHash]));
    await session.record(numbered('survivor', round));
    await session.close();
    const report = await verifyFile(ledgerPath, { signers: keypair.publicKeyHex, spelling: 'exact' });
    if (report.verdict !== 'intact' || report.tail !== null) failure = report.reason ?? 'a tail';
  } catch (error) {
    failure = String(error);
  }
  const lost = acknowledged.filter(([seq, hash]) => found.get(seq) !== hash).map(([seq]) => seq);
  return { acknowledged: acknowledged.length, lost, failure };
}
