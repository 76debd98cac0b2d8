import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createRoutes, type Delays } from './routes.ts';
import { createRawServer } from './server.ts';

/** What the bench tells this process; it answers each with the counts since the last. */
export interface Order {
  readonly delays: Delays;
}

/** How often each route was called. */
export type Counts = Readonly<Record<string, number>>;

let delays: Delays = { user: 0, order: 0, notification: 0 };
let counts: Record<string, number> = {};

const routes = createRoutes();
const answerTo = (target: string) => {
  const answer = routes(target);
  counts[answer.route] = (counts[answer.route] ?? 0) + 1;
  return answer;
};

// A port for each service, because clients keep their connections per origin.
const urls: Record<string, string> = {};
for (const service of ['user', 'order', 'notification']) {
  const server = createRawServer(answerTo, () => delays).listen(0, '127.0.0.1');
  await once(server, 'listening');
  urls[service] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

process.on('message', (order: Order) => {
  process.send?.(counts);
  counts = {};
  delays = order.delays;
});
process.on('disconnect', () => process.exit());
process.send?.(urls);
