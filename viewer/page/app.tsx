/*
 * The whole page.
 */

import type { ComponentChildren } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { visible } from '../../src/cli/safe-text.js';
import type { Findings } from '../../src/cli/verify/findings.js';
import type { ReportJson } from '../../src/report.js';
import { Charts, CoverageView, kindGroups, RevealView, type Span, Timeline } from '../charts/index.js';
import type { Model } from '../model/model.js';
import { About } from './about.js';
import type { Actions } from './actions.js';
import { VERSION } from './bundled.js';
import { DropTarget } from './drop.js';
import { Events } from './events.js';
import { Failure } from './failure.js';
import { Header } from './header.js';
import { judge } from './judge.js';
import { Notices } from './notices.js';
import { Overview } from './overview.js';
import { Progress } from './progress.js';
import { Start } from './start.js';
import { phaseOf, type Section, type State } from './state.js';
import { Tabs, TITLES } from './tabs.js';
import type { Theme } from './theme.js';
import { trustOf } from './trust.js';
import { Verdict } from './verdict.js';

interface Props {
  readonly state: State;
  readonly actions: Actions;
  /** Paper shows what is behind other tabs too. */
  readonly isPrinting: boolean;
  readonly onTheme: (theme: Theme) => void;
}

export function App({ state, actions, isPrinting, onTheme }: Props) {
  const isOpen = state.ledger.length > 0;
  const open = useMemo(() => (files: readonly File[]) => void actions.open(files.map((blob) => ({ name: blob.name, blob }))), [actions]);
  return (
    <>
      <Header isOpen={isOpen} onFiles={open} onTheme={onTheme} onPrint={() => print()} />
      <main data-phase={phaseOf(state)} data-opened={state.opened}>
        <Notices notices={state.notices} onDismiss={(id) => actions.dismiss(id)} />
        {isOpen ? (
          <Opened state={state} actions={actions} isPrinting={isPrinting} />
        ) : (
          <Start unable={state.unable} isSorting={state.isSorting} onFiles={open} />
        )}
      </main>
      {isOpen && (
        <footer>
          <details>
            <summary>{`Sealwright viewer ${VERSION}: what it proves, and what not`}</summary>
            <About />
          </details>
        </footer>
      )}
      {state.unable === null && <DropTarget onFiles={open} />}
    </>
  );
}

function Opened({ state, actions, isPrinting }: Omit<Props, 'onTheme'>) {
  const { model, verified, section, ledger, isEmbedded } = state;
  const report = verified !== null && 'report' in verified ? verified.report : null;
  const findings = useMemo(() => (report === null ? null : judge(report)), [report]);
  const trust = useMemo(() => model && trustOf(model, verified), [model, verified]);
  const drawn = trust?.drawn ?? null;
  const end = trust?.end ?? null;
  const slots = useMemo(() => (model === null ? [] : slotsOf(model)), [model]);
  const visited = useRef(new Set<Section>());
  visited.current.add(section);
  const select = useMemo(() => (row: number) => actions.select(row), [actions]);
  const range = useMemo((): Span | null => rangeOf(state), [state.choice.from, state.choice.to]);
  const onRange = useMemo(() => (span: Span | null) => actions.choose({ from: span?.from ?? null, to: span?.to ?? null }), [actions]);
  // What does not change is not drawn again: a picture takes longer than all the rest.
  const timeline = useMemo(
    () => model && <Timeline model={model} report={drawn} onSelect={select} range={range} onRange={onRange} />,
    [model, drawn, range],
  );
  const charts = useMemo(
    () => model && <Charts model={model} report={drawn} onSelect={select} range={range} onRange={onRange} />,
    [model, drawn, range],
  );
  const coverage = useMemo(() => model && <CoverageView model={model} report={drawn} onSelect={select} />, [model, drawn]);
  const reveal = useMemo(() => model && <RevealView model={model} report={drawn} onSelect={select} client={actions} />, [model, drawn]);
  const panel = (name: Section, children: ComponentChildren) => (
    <div id={`panel-${name}`} class={`panel panel-${name}`} role="tabpanel" aria-labelledby={`tab-${name}`} hidden={section !== name}>
      {(name === 'charts' || name === 'coverage' || name === 'reveal') && <h2 class="unseen">{TITLES[name]}</h2>}
      {(visited.current.has(name) || isPrinting) && children}
    </div>
  );
  return (
    <>
      <p class="subject">
        {visible(ledger.length === 1 ? (ledger[0]?.name ?? '') : `${ledger[0]?.name ?? ''} and ${ledger.length - 1} more`)}
        {isEmbedded && <span class="soft"> came inside of this page: whoever made the page chose both</span>}
      </p>
      <Banner state={state} report={report} findings={findings} isSmall={section !== 'overview'}>
        {end !== null && end.count > 0 && (
          <p>
            <button type="button" onClick={() => select(end.row)}>
              {report === null ? 'Show where it stops' : 'Show where it breaks'}
            </button>
          </p>
        )}
      </Banner>
      <Tabs section={section} counts={model === null ? {} : { events: model.events.length, coverage: coverageCount(model) }} onShow={(name) => actions.show(name)} />
      {panel(
        'overview',
        <>
          {report !== null && findings !== null && <Overview state={state} report={report} findings={findings} actions={actions} />}
          <Reading state={state} />
          {timeline}
        </>,
      )}
      {panel('events', model === null || trust === null ? <Reading state={state} /> : <Events state={state} model={model} trust={trust} slots={slots} actions={actions} />)}
      {panel('charts', charts ?? <Reading state={state} />)}
      {panel('coverage', coverage ?? <Reading state={state} />)}
      {panel('reveal', reveal ?? <Reading state={state} />)}
    </>
  );
}

interface BannerProps {
  readonly state: State;
  /** Of a verification that ended with one. */
  readonly report: ReportJson | null;
  readonly findings: Findings | null;
  /** Beside other sections it says the same in less room. */
  readonly isSmall: boolean;
  readonly children: ComponentChildren;
}

/** The verdict, or why there is none yet. */
function Banner({ state: { verified, verifying }, report, findings, isSmall, children }: BannerProps) {
  if (verified !== null) {
    return (
      <div role="status" class={isSmall ? 'banner-small' : undefined}>
        {'failure' in verified && (
          <Failure title="Could not be verified" failure={verified.failure}>
            {children}
          </Failure>
        )}
        {report !== null && findings !== null && (
          <Verdict report={report} findings={findings}>
            {children}
          </Verdict>
        )}
      </div>
    );
  }
  return (
    <section class="verdict verdict-none" data-verdict="none">
      <div class="verdict-text">
        <Progress title="Verifying" progress={verifying} />
      </div>
    </section>
  );
}

function Reading({ state: { model, unread, reading } }: { readonly state: State }) {
  if (unread !== null) return <Failure title="Its events could not be read" failure={unread} />;
  return model === null ? <Progress title="Reading" progress={reading} /> : null;
}

function rangeOf({ choice: { from, to } }: State): Span | null {
  return from === null || to === null ? null : { from, to };
}

/** The look of each kind, by its place. */
function slotsOf(model: Model): readonly number[] {
  const slots = model.kinds.map(() => 0);
  for (const { slot, kinds } of kindGroups(model)) for (const kind of kinds) slots[kind] = slot;
  return slots;
}

function coverageCount({ coverage: { openSessions, unpairedCalls, clockJumps, unreadable } }: Model): number {
  return openSessions.count + unpairedCalls.count + clockJumps.count + unreadable.count;
}
