import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseOptions } from '../../bench/harness/command-line.ts';
import type { Measurement } from '../../bench/harness/measure.ts';
import { findWarnings } from '../../bench/harness/warnings.ts';
import { evaluateGoal } from '../../bench/report/goal-result.ts';
import { GOALS } from '../../bench/report/goals.ts';
import { toSummary } from '../../bench/report/summary.ts';
import { toPeerFigures, toTable } from '../../bench/report/tables.ts';
import type { AllFigures, Mode } from '../../bench/workloads/workload.ts';

const NO_PAUSES = { count: 0, totalMs: 0, longestMs: 0 };

const MODE: Mode = {
  title: '100 requests/s',
  connections: 256,
  rate: 100,
  delays: { user: 5, order: 10, notification: 20 },
  requests: async () => [],
};

const measurement: Measurement = {
  rate: 100,
  cpuMicros: 500,
  p50Ms: 22,
  p90Ms: 24,
  p99Ms: 29,
  callsPerRequest: 3,
  maxOpenCalls: 3,
  errors: 0,
  sent: 300,
  serverBusy: 0.05,
  loadBusy: 0.1,
  upstreamBusy: 0.1,
  lateSends: 0,
  waitingSends: 0,
};

const withScavenges = (count: number, meanMs: number): Measurement => ({
  ...measurement,
  gc: {
    scavenges: { count, totalMs: count * meanMs, longestMs: meanMs },
    otherGc: NO_PAUSES,
    allocatedBytes: 30e6,
    allocatedBytesPerRequest: 100e3,
    seconds: 2,
  },
});

/** The cells of a peer's row by their columns. */
function cellsOf(rounds: readonly Measurement[]) {
  const result = { name: 'rate-100', mode: MODE, rounds: new Map([['frontdesk', rounds]]) };
  const table = toTable(result, { baselines: [], paired: undefined });
  const [head, , row] = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll('|', '').trim()));
  return Object.fromEntries((head ?? []).map((title, column) => [title, row?.[column]]));
}

const evaluate = (title: string, modes: AllFigures) => {
  const goal = GOALS.find((each) => each.title === title);
  assert.ok(goal, title);
  const run = { machine: '', date: '', run: '', modes };
  const [target] = evaluateGoal(goal, { [goal.suite]: run })?.targetResults ?? [];
  return { target, summary: toSummary({ [goal.suite]: run }) };
};

describe('Report of the bench', () => {
  it('shows latencies at a fixed rate relative to the slowest upstream', () => {
    const cells = cellsOf([measurement]);
    assert.equal(cells['p50 ms over 20'], '2.00 (2.00–2.00)');
    assert.equal(cells['p90 ms over 20'], '4.00 (4.00–4.00)');
    assert.equal(cells['p99 ms over 20'], '9.00 (9.00–9.00)');
    const { p50AddedMs, p90AddedMs, p99AddedMs } = toPeerFigures([measurement], MODE);
    assert.deepEqual([p50AddedMs, p90AddedMs, p99AddedMs], [2, 4, 9]);
  });

  it('shows the mean of all pauses, not that of the rounds', () => {
    const rounds = [withScavenges(1, 2), withScavenges(3, 6)];
    assert.equal(cellsOf(rounds)['scavenges/s, mean, longest ms'], '1.0 / 5.0 / 6.0');
    assert.equal(cellsOf(rounds)['other GC/s, mean, longest ms'], '0');
    assert.equal(cellsOf(rounds)['kB allocated/request'], '100');
    assert.equal(toPeerFigures(rounds, MODE).scavengeMeanMs, 5);
  });

  it('has no columns of garbage collection if no server records it', () => {
    assert.equal(cellsOf([measurement])['kB allocated/request'], undefined);
  });

  it('warns if the load generator did not keep its schedule', () => {
    const notes = (lateSends: number) =>
      findWarnings([
        {
          name: 'rate-100',
          mode: MODE,
          rounds: new Map([['frontdesk', [{ ...measurement, lateSends }]]]),
        },
      ]);
    assert.deepEqual(notes(3), []);
    assert.deepEqual(notes(4), [
      'The load generator sent more than 1 % of the requests late: `frontdesk` in `rate-100`',
    ]);
  });

  it("allows half a millisecond over Mercurius' p50, and none over its p99", () => {
    const added = (p50AddedMs: number, p99AddedMs: number) => ({
      'rate-300': {
        frontdesk: { p50AddedMs, p99AddedMs },
        mercurius: { p50AddedMs: 1.5, p99AddedMs: 9 },
      },
    });
    const p50 = 'W1: 300 requests/s, p50 over 20 ms';
    const p99 = 'W1: 300 requests/s, p99 over 20 ms';
    assert.equal(evaluate(p50, added(2, 9)).target?.isMet, true);
    assert.equal(evaluate(p50, added(2.1, 9)).target?.isMet, false);
    assert.equal(evaluate(p50, added(2, 9)).target?.limit, 2);
    assert.equal(evaluate(p99, added(2, 9)).target?.isMet, true);
    assert.equal(evaluate(p99, added(2, 9.1)).target?.isMet, false);
    const { summary } = evaluate(p50, added(2.1, 8));
    assert.match(summary, /`mercurius` \+ 0\.60 \| ≤ `mercurius` \+ 0\.5 \| \*\*no\*\*/);
    assert.match(summary, /`mercurius` − 1\.00 \| ≤ `mercurius` \| yes/);
  });

  it("compares CPU time and pauses with Mercurius'", () => {
    const modes = {
      idle: { frontdesk: { cpuMicros: 700 }, mercurius: { cpuMicros: 530 } },
      'rate-1000': { frontdesk: { scavengeMeanMs: 4 }, mercurius: { scavengeMeanMs: 4 } },
    };
    const cpu = evaluate('W1: CPU, 1 connection', modes).target;
    assert.deepEqual([cpu?.isMet, cpu?.actual], [false, 700 / 530]);
    assert.equal(evaluate('W1: mean scavenge, 1,000 requests/s', modes).target?.isMet, true);
  });
});

describe('Command line of the bench', () => {
  const workload = {
    peers: ['frontdesk', 'mercurius'],
    modes: ['full', 'rate-100'],
    run: async () => ({ lines: [], figures: {}, notes: [] }),
  };
  const suite = { title: '', seconds: 3, workloads: [workload] };

  it('publishes only complete runs', () => {
    assert.equal(parseOptions([], suite, true).write, true);
    assert.equal(parseOptions(['--quick'], suite, true).write, false);
    const chosen = parseOptions(['--modes', 'rate-100', '--peers', 'frontdesk'], suite, true);
    assert.deepEqual([chosen.modes, chosen.peers], [['rate-100'], ['frontdesk']]);
    assert.equal(chosen.write, false);
  });

  it('names the modes if one is unknown', () => {
    assert.throws(() => parseOptions(['--modes', 'half'], suite, true), {
      message: '--modes: unknown name half. Choose from full, rate-100.',
    });
  });
});
