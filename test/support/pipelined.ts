import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Sends GraphQL requests in one write over one connection (HTTP pipelining), so that the server starts
 * them in the same turn of its event loop.
 */
export async function sendPipelined(
  endpoint: string,
  queries: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
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
}
