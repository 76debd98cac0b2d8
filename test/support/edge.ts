import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface PurgeRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly tags: readonly string[];
  readonly status: number;
}

/** An edge that records purges, and answers as it is told. `await using` closes it. */
export async function startEdge() {
  const requests: PurgeRequest[] = [];
  const held: ServerResponse[] = [];
  let status = 200;
  let isHolding = false;
  let highestInFlight = 0;
  let inFlight = 0;
  const server = createServer(({ method, url, headers }, response) => {
    highestInFlight = Math.max(highestInFlight, ++inFlight);
    response.once('close', () => inFlight--);
    const keys = headers['surrogate-key'];
    requests.push({ method, path: url, headers, tags: String(keys).split(' '), status });
    response.statusCode = status;
    if (isHolding) held.push(response);
    else response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/purge`),
    host: `127.0.0.1:${port}`,
    requests,
    /** The tags of the purges that it has accepted. */
    accepted: () => requests.filter(({ status }) => status < 300).flatMap(({ tags }) => tags),
    highestInFlight: () => highestInFlight,
    answerWith(code: number) {
      status = code;
    },
    /** Leaves the next requests without an answer. */
    hold() {
      isHolding = true;
    },
    /** Answers the requests that wait, and all later ones at once. */
    release() {
      isHolding = false;
      for (const response of held.splice(0)) response.end();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
