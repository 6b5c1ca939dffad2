// A process that does what the test says, a command a line, and answers each: see helpers/agent.mts.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { doctor, FileHeadStore, importLedger, readEvents, Session, SigningKeypair, socketSigner, verifyFile } from 'sealwright';
import type { Command, Failure, Reply } from '../helpers/agent.mts';
import { keypair, loadedAddon, numbered, otherKeypair } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';
import { ask } from '../helpers/wire.mts';

const who = (input as { readonly who?: string } | null)?.who ?? 'agent';
const sessions = new Map<string, Session>();
let count = 0;

say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  try {
    say({ value: await obey(command) } satisfies Reply);
  } catch (error) {
    say({ failure: failureOf(error) } satisfies Reply);
  }
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'open': {
      const { do: _, name = 'session', otherKey = false, sync = false, headFile, signer, ...options } = command;
      const full = {
        ...options,
        ...(signer === undefined ? { keypair: otherKey ? otherKeypair : keypair } : { signer: socketSigner(signer) }),
        sessionId: name,
        headStore: headFile === undefined ? undefined : { store: new FileHeadStore(headFile), wait: true },
      };
      const session = sync ? Session.openSync(full) : await Session.open(full);
      sessions.set(name, session);
      return { recovery: session.recovery, head: session.head };
    }
    case 'record': {
      const { times = 1, padding = 0, batch = 1 } = command;
      const session = sessionOf(command);
      const records = Array.from({ length: times }, () => {
        const events = Array.from({ length: batch }, () => numbered(who, count++, padding));
        const [first = numbered(who, 0)] = events;
        return batch === 1 ? session.record(first).then(({ seq }) => seq) : session.recordMany(events).then(lastSeq);
      });
      return (await Promise.allSettled(records)).map((result) =>
        result.status === 'fulfilled' ? { seq: result.value } : failureOf(result.reason),
      );
    }
    case 'recordSync':
      return sessionOf(command).recordSync(numbered(who, count++, command.padding)).seq;
    case 'close':
      await sessionOf(command).close();
      return null;
    case 'state': {
      const { head, headStoreError } = sessionOf(command);
      return { head, headStoreError };
    }
    case 'checkpoint':
      return sessionOf(command).checkpoint({ origin: command.origin });
    case 'key': {
      const { do: _, path, at = 0, ...options } = command;
      // Several processes shall do it at the same time.
      while (Date.now() < at);
      const { publicKeyHex, created } = SigningKeypair.loadOrCreate(path, options);
      return { publicKeyHex, created };
    }
    case 'saveKey':
      return SigningKeypair.generate().save(command.path);
    case 'doctor': {
      const { do: _, ...paths } = command;
      return doctor(paths);
    }
    case 'import': {
      const { path, to, at = 0 } = command;
      while (Date.now() < at);
      return (await importLedger(path, { to })).head;
    }
    case 'umask':
      return process.umask(command.mask);
    case 'become':
      process.setgroups?.([...(command.groups ?? [])]);
      process.setgid?.(command.id);
      process.setuid?.(command.id);
      return process.getuid?.();
    case 'readFile':
      return readFileSync(command.path).length;
    case 'ask':
      return ask(command.path, command.frames);
    case 'fault':
      return loadedAddon().testFault(command.name);
    case 'verify':
      return (await verifyFile(command.path)).eventCount;
    case 'read': {
      const read = readEvents(command.path)[Symbol.asyncIterator]();
      let events = 0;
      while (!(await read.next()).done) events += 1;
      return events;
    }
  }
}

function sessionOf({ name = 'session' }: { readonly name?: string | undefined }): Session {
  const session = sessions.get(name);
  if (session === undefined) throw new Error(`no session ${name}`);
  return session;
}

function lastSeq(signed: readonly { readonly seq: number }[]): number {
  return signed.at(-1)?.seq ?? -1;
}

function failureOf(error: unknown): Failure {
  const { name, code, outcome, osCode, message } = error as Error & Partial<Failure>;
  return { name, code: code ?? 'none', outcome: outcome ?? null, osCode: osCode ?? null, message };
}
