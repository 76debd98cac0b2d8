import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { ERRORS_IN_BODY, type LoadJob, type LoadResult } from './load.ts';

const job = JSON.parse(readFileSync(String(process.argv[2]), 'utf8')) as LoadJob;
const { origin, requests, connections, seconds, rate } = job;

let client = 0;
const result = await autocannon({
  url: origin,
  connections,
  duration: seconds,
  ...(rate && { overallRate: Math.round(rate) }),
  requests: requests.slice(0, 1),
  // Each connection has users of its own: all for each would take seconds to prepare.
  setupClient(connection) {
    const own = client++;
    connection.setRequests(requests.filter((_, index) => index % connections === own));
  },
  verifyBody: (body) => body.length > 0 && !body.includes(ERRORS_IN_BODY),
});

const answer: LoadResult = {
  requests: result.requests.total,
  // Kept to a rate, autocannon also counts as sent what it has yet to send.
  sent: rate ? result.requests.total : result.requests.sent,
  seconds: result.duration,
  errors: result.errors + result.timeouts + result.non2xx + result.mismatches,
  p50: result.latency.p50,
  p99: result.latency.p99,
};
console.log(JSON.stringify(answer));
