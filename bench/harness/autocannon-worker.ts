import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import {
  ERRORS_KEY,
  expectedStatusOf,
  type LoadJob,
  type LoadRequest,
  type LoadResult,
} from './load.ts';
import { PLACEHOLDER, randomTag } from './placeholder.ts';

// Runs one load job with autocannon: `node autocannon-worker.ts <job file>`. Prints a LoadResult.

const job = JSON.parse(readFileSync(String(process.argv[2]), 'utf8')) as LoadJob;
const { origin, requests, connections, seconds } = job;
const expectedStatus = expectedStatusOf(requests);

const tag = randomTag();
const counterLength = PLACEHOLDER.length - tag.length;
let aliasesSent = 0;
const withNewAlias = (request: LoadRequest): LoadRequest => ({
  ...request,
  body: (request.body ?? '').replace(
    PLACEHOLDER,
    tag + String(aliasesSent++).padStart(counterLength, '0'),
  ),
});
const toAutocannonRequest = (request: LoadRequest) =>
  request.body?.includes(PLACEHOLDER) ? { ...request, setupRequest: withNewAlias } : request;

let clientCount = 0;
const result = await autocannon({
  url: origin,
  connections,
  duration: seconds,
  requests: requests.slice(0, 1),
  // Each connection gets its own share of the requests: preparing all of them for each takes seconds.
  setupClient(connection) {
    const first = clientCount++ % requests.length;
    const share = requests.filter((_, index) => index % connections === first);
    connection.setRequests(share.map(toAutocannonRequest));
  },
  verifyBody: (body) => expectedStatus !== 200 || (body.length > 0 && !body.includes(ERRORS_KEY)),
});
const expectedCount = result.statusCodeStats[expectedStatus]?.count ?? 0;

const loadResult: LoadResult = {
  requests: result.requests.total,
  sent: result.requests.sent,
  seconds: result.duration,
  errors:
    result.errors + result.timeouts + result.mismatches + (result.requests.total - expectedCount),
  p50Ms: result.latency.p50,
  p90Ms: result.latency.p90,
  p99Ms: result.latency.p99,
};
console.log(JSON.stringify(loadResult));
