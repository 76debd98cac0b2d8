import { posted, type Received, send } from '../../test/attack/send.ts';
import { startServices } from '../../test/support/services.ts';
import { chooseCores, pinSelf } from '../harness/cores.ts';
import { describeMachine, today } from '../harness/machine.ts';
import { ATTACKS, type Attack } from './attacks.ts';
import { startTarget, type Target } from './target.ts';

// npm run bench -- attack: each attack on Frontdesk and on Apollo Server as it comes, in turn.

const ROUNDS = 5;
const WARM_UP = 2_000;
const PAUSE_MS = 20;

/** What one attack did once. */
interface Outcome {
  readonly status: string;
  readonly ms: number;
  readonly sentBytes: number;
  readonly bytes: number;
  readonly lagMs: number;
}

const cores = chooseCores();
pinSelf(cores.load);
const services = await startServices();
const targets = [
  await startTarget(cores.server, 'Frontdesk', '../../bff-web/main.ts', {
    WEB_PORT: '0',
    WEB_ADMIN_PORT: '0',
    LOG_LEVEL: 'silent',
    ...services.urls,
  }),
  await startTarget(cores.server, 'Apollo Server', 'apollo-standalone.ts', {}),
];

for (const { endpoint } of targets) {
  for (let n = 0; n < WARM_UP; n++) {
    await send(posted(endpoint, { query: `{ profile(id: "42") { id name a${n}: id } }` }));
  }
}
const rows: string[][] = [];
for (const [n, attack] of ATTACKS.entries()) {
  const outcomes = targets.map((): Outcome[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    // The order turns around with every round.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const at of order) {
      outcomes[at]?.push(await strike(targets[at] as Target, attack, n * ROUNDS + round));
    }
  }
  rows.push([
    attack.name,
    figure(outcomes.flat()[0]?.sentBytes ?? 0),
    ...outcomes.flatMap(toCells),
  ]);
}

const cells = ['status', 'ms', 'bytes', 'lag ms'];
const head = [
  'attack',
  'bytes sent',
  ...targets.flatMap(({ name }) => cells.map((cell) => `${name} ${cell}`)),
];
console.log(
  `${describeMachine()}, ${today()}. Median of ${ROUNDS} rounds; lag is how long the event loop stood still.\n`,
);
console.log(toLine(head));
console.log(toLine(head.map((_, n) => (n === 0 ? '---' : '---:'))));
for (const row of rows) console.log(toLine(row));

await Promise.all(targets.map(({ stop }) => stop()));
await services[Symbol.asyncDispose]();
process.exit(); // what is kept alive would keep this process alive as well

async function strike(target: Target, attack: Attack, round: number): Promise<Outcome> {
  await target.lag();
  const sent = attack.request(target.endpoint, round);
  const start = performance.now();
  const received = await send(sent).catch((error: Error): Received => {
    const ms = performance.now() - start;
    return { status: 0, headers: {}, text: error.message, ms, sentBytes: 0 };
  });
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const lagMs = await target.lag();
  const { status, text, ms, sentBytes } = received;
  return {
    status: status === 0 ? 'none' : String(status),
    ms,
    sentBytes,
    bytes: Buffer.byteLength(text),
    lagMs,
  };
}

function toCells(outcomes: readonly Outcome[]): string[] {
  const statuses = [...new Set(outcomes.map(({ status }) => status))].join(', ');
  const of = (what: 'ms' | 'bytes' | 'lagMs') => median(outcomes.map((outcome) => outcome[what]));
  return [statuses, of('ms').toFixed(1), figure(of('bytes')), of('lagMs').toFixed(0)];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function figure(value: number): string {
  return value.toLocaleString('en');
}

function toLine(row: readonly string[]): string {
  return `| ${row.join(' | ')} |`;
}
