import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import {
  ERRORS_IN_BODY,
  type LoadJob,
  type LoadRequest,
  type LoadResult,
  statusOf,
} from './load.ts';
import { nextTag, PLACEHOLDER } from './placeholder.ts';

const job = JSON.parse(readFileSync(String(process.argv[2]), 'utf8')) as LoadJob;
const { origin, requests, connections, seconds, rate } = job;
const expected = statusOf(requests);

const tag = nextTag();
const rest = PLACEHOLDER.length - tag.length;
let made = 0;
const fresh = (request: LoadRequest): LoadRequest => ({
  ...request,
  body: (request.body ?? '').replace(PLACEHOLDER, tag + String(made++).padStart(rest, '0')),
});
const toOwn = (request: LoadRequest) =>
  request.body?.includes(PLACEHOLDER) ? { ...request, setupRequest: fresh } : request;

let client = 0;
const result = await autocannon({
  url: origin,
  connections,
  duration: seconds,
  ...(rate && { overallRate: Math.round(rate) }),
  requests: requests.slice(0, 1),
  // Each connection has requests of its own: all for each would take seconds to prepare.
  setupClient(connection) {
    const first = client++ % requests.length;
    const own = requests.filter((_, index) => index % connections === first);
    connection.setRequests(own.map(toOwn));
  },
  verifyBody: (body) => expected !== 200 || (body.length > 0 && !body.includes(ERRORS_IN_BODY)),
});
const good = result.statusCodeStats[expected]?.count ?? 0;

const answer: LoadResult = {
  requests: result.requests.total,
  // Kept to a rate, autocannon also counts as sent what it has yet to send.
  sent: rate ? result.requests.total : result.requests.sent,
  seconds: result.duration,
  errors: result.errors + result.timeouts + result.mismatches + (result.requests.total - good),
  p50: result.latency.p50,
  p99: result.latency.p99,
};
console.log(JSON.stringify(answer));
