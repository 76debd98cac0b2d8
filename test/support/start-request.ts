import { once } from 'node:events';
import { request } from 'node:http';

/** Starts a request, and waits until the server has its head and reads the body. */
export async function startRequest(endpoint: string) {
  const body = '{"query":"{ __typename }"}';
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    expect: '100-continue',
  };
  const outgoing = request(endpoint, { method: 'POST', headers });
  // From now on: the connection may be lost before the body is sent.
  const received = once(outgoing, 'response');
  received.catch(() => {});
  outgoing.flushHeaders();
  await Promise.race([once(outgoing, 'continue'), received]);
  return {
    /**
     * Sends the body.
     * @returns the status of the response
     * @throws Error if the connection is lost
     */
    async finish(): Promise<number> {
      outgoing.end(body);
      const [response] = await received;
      response.resume();
      return response.statusCode;
    },
  };
}
