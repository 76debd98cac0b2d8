import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ConcurrencyGauge } from './concurrency-gauge.ts';
import { createRawServer } from './raw-server.ts';
import { createRoutes, type Delays } from './routes.ts';

// The stand-in for the user, order and notification services, as a child process of the bench. It
// sends its URLs when it listens, and one CallReport for each ResetCommand.

/** Message from the bench: sets the delays and restarts the counters. */
export interface ResetCommand {
  readonly delays: Delays;
}

/** Reply: the counts since the previous command. */
export interface CallReport {
  readonly callsByRoute: Readonly<Record<string, number>>;
  /** Largest number of calls open at the same time. */
  readonly maxOpenCalls: number;
}

let delays: Delays = { user: 0, order: 0, notification: 0 };
let callsByRoute: Record<string, number> = {};
const gauge = new ConcurrencyGauge();

const routes = createRoutes();
const respond = (target: string, patchBody: string | undefined) => {
  const response = routes(target, patchBody);
  callsByRoute[response.route] = (callsByRoute[response.route] ?? 0) + 1;
  return response;
};

// One port per service, because clients pool their connections by origin.
const urls: Record<string, string> = {};
for (const service of ['user', 'order', 'notification']) {
  const server = createRawServer({ respond, delays: () => delays, gauge });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  urls[service] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

process.on('message', (command: ResetCommand) => {
  const report: CallReport = { callsByRoute, maxOpenCalls: gauge.resetMax() };
  process.send?.(report);
  callsByRoute = {};
  delays = command.delays;
});
process.on('disconnect', () => process.exit());
process.send?.(urls);
