import { once } from 'node:events';
import { connect } from 'node:net';
import type { Environment, Json } from './environment.ts';
import type { LIBRARY_UPSTREAMS } from './fixture/bff.ts';

const MAX_ROUNDS = 100;

/**
 * Requests two members at once, other ones in each round, until one upstream call was made for both.
 * @returns the number of rounds, each of the others made two calls; and the bodies of the last one
 */
export async function shareOneCall(
  { endpoint, services }: Environment<typeof LIBRARY_UPSTREAMS>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly rounds: number; readonly bodies: readonly Json[] }> {
  const calls = () => services.member.control.requests().routes.membersByIds ?? 0;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const before = calls();
    const ids = [200 + 2 * round, 201 + 2 * round];
    const queries = ids.map((id) => `{ member(id: "${id}") { name } }`);
    const bodies = await sendPipelined(endpoint, queries, headers);
    if (calls() === before + 1) return { rounds: round, bodies };
  }
  throw new Error(`no call was shared in ${MAX_ROUNDS} rounds`);
}

/**
 * Sends GraphQL requests in one write over one connection (HTTP pipelining). The server starts them in
 * the same turn of its event loop, unless it is so busy that it reads them apart.
 */
async function sendPipelined(
  endpoint: string,
  queries: readonly string[],
  headers: Readonly<Record<string, string>>,
): Promise<Json[]> {
  const { hostname, port, host } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const lines = Object.entries({ host, 'content-type': 'application/json', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const toRequest = (query: string) => {
    const body = JSON.stringify({ query });
    return `POST /graphql HTTP/1.1\r\n${lines}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
    if (received.split('HTTP/1.1 200').length > queries.length) socket.end();
  });
  socket.write(queries.map(toRequest).join(''));
  await once(socket, 'close');
  return received
    .split(/^HTTP\/1\.1 200/m)
    .slice(1)
    .map((response) => JSON.parse(response.slice(response.indexOf('\r\n\r\n'))));
}
