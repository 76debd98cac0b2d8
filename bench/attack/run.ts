import { type HttpResponse, jsonPost, send } from '../../test/attack/http-client.ts';
import { SERVICE_NAMES, startServices } from '../../test/support/services.ts';
import { chooseCores, pinSelf } from '../harness/cores.ts';
import { describeMachine, today } from '../harness/machine.ts';
import { ATTACKS, type Attack } from './attacks.ts';
import { startTarget, type Target } from './target.ts';

// `npm run bench -- attack`: sends each attack in turn to Frontdesk and to Apollo Server with defaults.

const ROUNDS = 5;
const WARM_UP_REQUESTS = 2_000;
/** Time for a delay of the event loop to end and be recorded. */
const SETTLE_MS = 20;

/** Effect of one attack, sent once. */
interface AttackResult {
  readonly status: string;
  readonly ms: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly lagMs: number;
}

const cores = chooseCores();
pinSelf(cores.load);
const services = await startServices(SERVICE_NAMES);
const targets = [
  await startTarget(cores.server, 'Frontdesk', '../../bff-web/main.ts', {
    WEB_PORT: '0',
    WEB_ADMIN_PORT: '0',
    LOG_LEVEL: 'silent',
    ...services.env,
  }),
  await startTarget(cores.server, 'Apollo Server', 'apollo-standalone.ts', {}),
];

for (const { endpoint } of targets) {
  for (let n = 0; n < WARM_UP_REQUESTS; n++) {
    await send(jsonPost(endpoint, { query: `{ profile(id: "42") { id name a${n}: id } }` }));
  }
}
const rows: string[][] = [];
for (const [n, attack] of ATTACKS.entries()) {
  const results = targets.map((): AttackResult[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    // Every second round has the reverse order.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const index of order) {
      results[index]?.push(await runAttack(targets[index] as Target, attack, n * ROUNDS + round));
    }
  }
  rows.push([
    attack.name,
    formatCount(results.flat()[0]?.sentBytes ?? 0),
    ...results.flatMap(toCells),
  ]);
}

const columns = ['status', 'ms', 'bytes', 'lag ms'];
const head = [
  'attack',
  'bytes sent',
  ...targets.flatMap(({ name }) => columns.map((column) => `${name} ${column}`)),
];
console.log(
  `${describeMachine()}, ${today()}. Median of ${ROUNDS} rounds; lag is the longest delay of the event loop.\n`,
);
console.log(toLine(head));
console.log(toLine(head.map((_, n) => (n === 0 ? '---' : '---:'))));
for (const row of rows) console.log(toLine(row));

await Promise.all(targets.map(({ stop }) => stop()));
await services[Symbol.asyncDispose]();

async function runAttack(target: Target, attack: Attack, round: number): Promise<AttackResult> {
  await target.takeLagMs();
  const sent = attack.request(target.endpoint, round);
  const start = performance.now();
  const received = await send(sent).catch((error: Error): HttpResponse => {
    const ms = performance.now() - start;
    return { status: 0, headers: {}, text: error.message, ms, sentBytes: 0 };
  });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const lagMs = await target.takeLagMs();
  const { status, text, ms, sentBytes } = received;
  return {
    status: status === 0 ? 'none' : String(status),
    ms,
    sentBytes,
    receivedBytes: Buffer.byteLength(text),
    lagMs,
  };
}

function toCells(results: readonly AttackResult[]): string[] {
  const statuses = [...new Set(results.map(({ status }) => status))].join(', ');
  const medianOf = (figure: 'ms' | 'receivedBytes' | 'lagMs') =>
    median(results.map((result) => result[figure]));
  return [
    statuses,
    medianOf('ms').toFixed(1),
    formatCount(medianOf('receivedBytes')),
    medianOf('lagMs').toFixed(0),
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function formatCount(value: number): string {
  return value.toLocaleString('en');
}

function toLine(row: readonly string[]): string {
  return `| ${row.join(' | ')} |`;
}
