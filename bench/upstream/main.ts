import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Gauge } from './gauge.ts';
import { createRoutes, type Delays } from './routes.ts';
import { createRawServer } from './server.ts';

/** What the bench tells this process; it answers each with what was since the last. */
export interface Order {
  readonly delays: Delays;
}

export interface Report {
  /** How often each route was called. */
  readonly counts: Readonly<Record<string, number>>;
  /** The largest number of calls that were open at once. */
  readonly atOnce: number;
}

let delays: Delays = { user: 0, order: 0, notification: 0 };
let counts: Record<string, number> = {};
const gauge = new Gauge();

const routes = createRoutes();
const answerTo = (target: string, change: string | undefined) => {
  const answer = routes(target, change);
  counts[answer.route] = (counts[answer.route] ?? 0) + 1;
  return answer;
};

// A port for each service, because clients keep their connections per origin.
const urls: Record<string, string> = {};
for (const service of ['user', 'order', 'notification']) {
  const server = createRawServer({ answerTo, delays: () => delays, gauge });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  urls[service] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

process.on('message', (order: Order) => {
  process.send?.({ counts, atOnce: gauge.take() } satisfies Report);
  counts = {};
  delays = order.delays;
});
process.on('disconnect', () => process.exit());
process.send?.(urls);
