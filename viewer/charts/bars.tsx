/*
 * Bars with a name before and numbers behind: failures by tool, tokens by model.
 */

import { scaleLinear } from 'd3-scale';
import { visible } from '../../src/cli/safe-text.js';
import { counted, grouped } from '../../src/cli/words.js';
import type { Model, ModelStatistics, ToolStatistics } from '../model/model.js';
import { Figure, type FigureTable, type LegendItem } from './figure.js';
import { fillOf } from './patterns.js';
import { durationText } from './time.js';
import { useWidth } from './width.js';

/** Rows that are drawn; the table has all. */
const LISTED = 12;
const ROW = 34;
const BAR = 10;

/** Returns of each tool, those that failed at the beginning of the bar. */
export function FailuresByTool({ model }: { readonly model: Model }) {
  const tools = model.tools.toSorted((one, other) => other.failures - one.failures || other.returns - one.returns);
  if (tools.length === 0) return <p class="chart-empty">No tool was called.</p>;
  const [failures, returns] = [sum(tools, (tool) => tool.failures), sum(tools, (tool) => tool.returns)];
  return (
    <Bars
      id="chart-failures"
      title="Failures by tool"
      description={`${grouped(failures)} of ${counted(returns, 'return')} of ${counted(tools.length, 'tool')} are failures, those with most failures first.`}
      bars={tools.map((tool) => ({
        name: visible(tool.name),
        text: `${grouped(tool.failures)} of ${grouped(tool.returns)} failed${tool.failures > 0 ? `, ${share(tool.failures, tool.returns)}` : ''}`,
        parts: [{ look: 'bad', value: tool.failures }, { look: 1, value: tool.returns - tool.failures }],
      }))}
      legend={[{ look: 'bad', text: 'failed' }, { look: 1, text: 'succeeded' }]}
      table={toolTable(tools)}
    />
  );
}

/** Tokens of each model, those of prompts at the beginning of the bar. */
export function TokensByModel({ model }: { readonly model: Model }) {
  const tokens = ({ promptTokens, responseTokens }: ModelStatistics) => promptTokens + responseTokens;
  const models = model.models.toSorted((one, other) => tokens(other) - tokens(one));
  if (models.length === 0) return <p class="chart-empty">No model was invoked.</p>;
  return (
    <Bars
      id="chart-tokens"
      title="Tokens by model"
      description={`${counted(sum(models, tokens), 'token')} in ${counted(sum(models, ({ calls }) => calls), 'call')} of ${counted(models.length, 'model')}, those with most tokens first.`}
      bars={models.map((item) => ({
        name: visible(item.id),
        text: `${grouped(item.promptTokens)} + ${grouped(item.responseTokens)} in ${counted(item.calls, 'call')}`,
        parts: [{ look: 3, value: item.promptTokens }, { look: 4, value: item.responseTokens }],
      }))}
      legend={[{ look: 3, text: 'tokens of prompts' }, { look: 4, text: 'tokens of responses' }]}
      table={{
        columns: ['Model', 'Calls', 'Prompt tokens', 'Response tokens'],
        rows: models.map((item) => [visible(item.id), grouped(item.calls), grouped(item.promptTokens), grouped(item.responseTokens)]),
      }}
    />
  );
}

interface Bar {
  readonly name: string;
  readonly text: string;
  readonly parts: readonly { readonly look: number | 'bad'; readonly value: number }[];
}

interface BarsProps {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly bars: readonly Bar[];
  readonly legend: readonly LegendItem[];
  readonly table: FigureTable;
}

function Bars({ id, title, description, bars, legend, table }: BarsProps) {
  const [measure, width] = useWidth();
  const shown = bars.slice(0, LISTED);
  const most = Math.max(1, ...bars.map(({ parts }) => sum(parts, ({ value }) => value)));
  const scale = scaleLinear().domain([0, most]).range([0, width]);
  return (
    <Figure
      id={id}
      title={title}
      description={description}
      width={width}
      height={shown.length * ROW}
      slots={legend.flatMap(({ look }) => (typeof look === 'number' ? [look] : []))}
      legend={legend}
      note={bars.length > LISTED ? `${grouped(bars.length - LISTED)} more in the numbers.` : null}
      table={table}
      measure={measure}
    >
      {shown.map(({ name, text, parts }, index) => (
        <g key={index}>
          {/* A viewport of its own cuts a name that is too long. */}
          <svg class="chart-label" x={0} y={index * ROW} width={width * 0.55} height={ROW - BAR}>
            <text x={0} y={16}>{name}</text>
          </svg>
          <text class="chart-value" x={width} y={index * ROW + 16} text-anchor="end">{text}</text>
          <rect class="chart-track" x={0} y={index * ROW + 22} width={width} height={BAR - 4} />
          {parts.filter(({ value }) => value > 0).map(({ look, value }, place) => {
            const before = sum(parts.slice(0, parts.findIndex((part) => part.look === look)), (part) => part.value);
            return <rect key={place} x={scale(before)} y={index * ROW + 22} width={Math.max(1.5, scale(value))} height={BAR - 4} fill={fillOf(id, look)} />;
          })}
        </g>
      ))}
    </Figure>
  );
}

function toolTable(tools: readonly ToolStatistics[]): FigureTable {
  return {
    columns: ['Tool', 'Calls', 'Returns', 'Failures', 'p50', 'p95', 'Longest'],
    rows: tools.map(({ name, calls, returns, failures, latency }) => {
      const latencies = latency === null ? ['-', '-', '-'] : [latency.p50, latency.p95, latency.max].map(durationText);
      return [visible(name), grouped(calls), grouped(returns), grouped(failures), ...latencies];
    }),
  };
}

function share(part: number, all: number): string {
  const percent = (part / all) * 100;
  return `${percent < 1 ? 'under 1' : Math.round(percent)} %`;
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
