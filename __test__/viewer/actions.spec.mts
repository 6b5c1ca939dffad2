// What a user of the viewer's page does, and what follows from it, with workers that the test answers for.

import test, { type ExecutionContext } from 'ava';
import { verifyChain } from 'sealwright';
import type { Client, Dropped, EventDetail, NamedBlob, Verified } from '../../viewer/client.ts';
import type { EngineProgress, Trust } from '../../viewer/engine.ts';
import { Collector } from '../../viewer/model/collector.ts';
import type { Model } from '../../viewer/model/model.ts';
import { Actions } from '../../viewer/page/actions.ts';
import { EVERYTHING } from '../../viewer/page/choice.ts';
import { phaseOf, Store } from '../../viewer/page/state.ts';
import { chainOf, textOf } from '../helpers/ledgers.mts';

const chain = chainOf(6);
const report = verifyChain(chain).toJSON();
const KEY = 'c'.repeat(64);
const HEAD = { seq: 3, hash: 'd'.repeat(64) };
const ledger: NamedBlob = { name: 'ledger.ndjson', blob: new Blob([textOf(chain)]) };
const NOTHING: Dropped = { ledger: [], claims: null, keys: [], head: null, refused: [] };

/** Workers: each call waits for the test, but those that tell files and keys apart. */
class FakeClient implements Client {
  readonly verifications: { readonly trust: Trust; readonly end: (verified: Verified) => void; readonly tell: (progress: EngineProgress) => void }[] = [];
  readonly searches: { readonly text: string; readonly end: (rows: Uint32Array) => void }[] = [];
  readonly events: number[] = [];
  loaded: (model: Model) => void = () => undefined;
  refuse: (error: Error) => void = () => undefined;
  isClosed = false;
  readonly #sorted: Dropped;

  constructor(sorted: Dropped) {
    this.#sorted = sorted;
  }

  sort = async (): Promise<Dropped> => this.#sorted;

  load = (): Promise<Model> =>
    new Promise((resolve, reject) => {
      this.loaded = resolve;
      this.refuse = reject;
    });

  verify = (_: readonly NamedBlob[], trust: Trust, tell: (progress: EngineProgress) => void): Promise<Verified> =>
    new Promise((end) => void this.verifications.push({ trust, end, tell }));

  search = (text: string): Promise<Uint32Array> => new Promise((end) => void this.searches.push({ text, end }));

  event = async (row: number): Promise<EventDetail> => {
    this.events.push(row);
    return { row, line: '', explanation: { code: 'wrong_type', reason: '' }, previous: null };
  };

  reveal = async (): Promise<[]> => [];
  publicKey = async (text: string) => ({ publicKey: text, fingerprint: `fingerprint of ${text}` });

  close(): void {
    this.isClosed = true;
  }
}

/** A page of whose drops the workers make this. */
function page(sorted: Partial<Dropped>) {
  const clients: FakeClient[] = [];
  const links: string[] = [];
  const store = new Store(() => undefined);
  const actions = new Actions(store, {
    createClient: () => {
      clients.push(new FakeClient({ ...NOTHING, ...sorted }));
      return clients.at(-1) as FakeClient;
    },
    showLink: (link) => void links.push(link),
  });
  const client = () => clients.at(-1) as FakeClient;
  return { store, actions, clients, client, links };
}

function model(): Model {
  const collector = new Collector();
  collector.file(ledger.name, ledger.blob.size);
  collector.block(Buffer.from(textOf(chain)));
  return collector.finish();
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const keysOf = ({ store }: ReturnType<typeof page>) => store.state.keys.map(({ publicKey }) => publicKey);

test('a ledger is read and verified, with the key and the head that were dropped with it', async (t) => {
  const shown = page({ ledger: [ledger], keys: [{ name: 'agent.pub', publicKey: KEY }], head: HEAD });
  t.is(phaseOf(shown.store.state), 'idle');
  await shown.actions.open([ledger]);
  t.is(phaseOf(shown.store.state), 'reading');
  const { verifications, loaded } = shown.client();
  t.deepEqual(verifications.map(({ trust }) => trust), [{ signers: [KEY], head: HEAD }]);
  t.deepEqual(shown.store.state.keys, [{ publicKey: KEY, fingerprint: `fingerprint of ${KEY}`, source: 'agent.pub' }]);
  loaded(model());
  await settled();
  t.is(phaseOf(shown.store.state), 'verifying');
  verifications[0]?.end({ report });
  await settled();
  t.is(phaseOf(shown.store.state), 'done');
  t.deepEqual([...shown.store.state.fingerprints.keys()], report.signers.map(({ publicKey }) => publicKey));
});

test('of what the page brings itself neither a key nor a head counts', async (t) => {
  const claims = { keys: [KEY], head: HEAD, verdict: 'verified', tool: '' };
  const shown = page({ ledger: [ledger], keys: [{ name: 'agent.pub', publicKey: KEY }], head: HEAD, claims });
  await shown.actions.open([ledger], true);
  t.deepEqual(shown.client().verifications.map(({ trust }) => trust), [{ signers: [], head: null }]);
  t.deepEqual([keysOf(shown), shown.store.state.head, shown.store.state.claims], [[], null, claims]);
});

test('claims of a pack are shown and never used', async (t) => {
  const claims = { keys: [KEY], head: HEAD, verdict: 'verified', tool: '' };
  const shown = page({ ledger: [ledger], claims });
  await shown.actions.open([ledger]);
  t.deepEqual(shown.client().verifications[0]?.trust, { signers: [], head: null });
});

test('an answer to an earlier question is passed over', async (t) => {
  const shown = page({ ledger: [ledger] });
  await shown.actions.open([ledger]);
  shown.actions.addKey({ publicKey: KEY, fingerprint: '', source: '' });
  const [first, second] = shown.client().verifications;
  t.deepEqual(second?.trust.signers, [KEY]);
  first?.tell({ bytes: 1, totalBytes: 2, events: 3 });
  first?.end({ report });
  await settled();
  t.deepEqual([shown.store.state.verified, shown.store.state.verifying], [null, null]);
  second?.end({ failure: { code: 'ERR_LEDGER_IO', message: '' } });
  await settled();
  t.is(phaseOf(shown.store.state), 'failed');
  shown.actions.removeKey(KEY);
  t.deepEqual(shown.client().verifications[2]?.trust.signers, []);
  t.is(shown.store.state.verified, null);
});

test('another ledger has workers of its own; keys stay and the head does not', async (t) => {
  const shown = page({ ledger: [ledger] });
  shown.actions.setHead(HEAD);
  shown.actions.addKey({ publicKey: KEY, fingerprint: '', source: '' });
  await shown.actions.open([ledger]);
  const [{ loaded } = {} as FakeClient] = shown.clients;
  t.deepEqual(shown.client().verifications[0]?.trust, { signers: [KEY], head: HEAD });
  await shown.actions.open([ledger]);
  t.deepEqual([shown.clients.length, shown.clients[0]?.isClosed, shown.clients[1]?.isClosed], [2, true, false]);
  t.deepEqual(shown.client().verifications[0]?.trust, { signers: [KEY], head: null });
  loaded(model());
  await settled();
  t.is(shown.store.state.model, null);
});

test('what is refused is told, and what cannot be read is a failure', async (t) => {
  const shown = page({ ledger: [ledger], refused: [{ name: 'a.txt', reason: 'no ledger' }] });
  await shown.actions.open([ledger]);
  t.deepEqual(shown.store.state.notices.map(({ text }) => text), ['a.txt: no ledger']);
  shown.actions.dismiss(shown.store.state.notices[0]?.id ?? 0);
  t.deepEqual(shown.store.state.notices, []);
  shown.client().refuse(Object.assign(new Error('gone'), { code: 'ERR_LEDGER_IO' }));
  await settled();
  t.deepEqual(shown.store.state.unread, { code: 'ERR_LEDGER_IO', message: 'gone' });
  t.is(phaseOf(shown.store.state), 'failed');
});

/** A page that has read the ledger. */
async function opened(t: ExecutionContext) {
  const shown = page({ ledger: [ledger] });
  await shown.actions.open([ledger]);
  shown.client().loaded(model());
  await settled();
  t.not(shown.store.state.model, null);
  return shown;
}

test('a link is followed as soon as the ledger is read, and shows which event is looked at', async (t) => {
  const shown = page({ ledger: [ledger] });
  shown.actions.follow(4);
  await shown.actions.open([ledger]);
  t.deepEqual(shown.client().events, []);
  shown.client().loaded(model());
  await settled();
  t.deepEqual([shown.client().events, shown.links, shown.store.state.section], [[4], ['#seq=4'], 'events']);
  t.is(shown.store.state.selected?.row, 4);
  shown.actions.follow(4);
  t.deepEqual(shown.client().events, [4]);
  shown.actions.follow(40);
  t.deepEqual(shown.store.state.notices.map(({ text }) => text), ['There is no event 40 in this ledger.']);
  shown.actions.select(null);
  t.deepEqual([shown.links.at(-1), shown.store.state.selected], ['#', null]);
});

test('a search shows what was asked for last', async (t) => {
  const shown = await opened(t);
  shown.actions.choose({ text: 'a' });
  t.deepEqual([shown.store.state.isSearching, shown.store.state.rows?.length], [true, 0]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  shown.actions.choose({ text: 'ab' });
  await new Promise((resolve) => setTimeout(resolve, 400));
  const [first, second] = shown.client().searches;
  t.deepEqual([first?.text, second?.text], ['a', 'ab']);
  first?.end(Uint32Array.of(1));
  second?.end(Uint32Array.of(2, 3));
  await settled();
  t.deepEqual([shown.store.state.isSearching, [...(shown.store.state.rows ?? [])]], [false, [2, 3]]);
  shown.actions.choose({ from: 1_700_000_003_000 });
  t.deepEqual([...(shown.store.state.rows ?? [])], [3]);
  shown.actions.choose(EVERYTHING);
  t.is(shown.store.state.rows, null);
});
