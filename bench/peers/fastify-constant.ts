import fastify, { type FastifyReply } from 'fastify';
import type { LoadRequest } from '../harness/load.ts';
import { send } from '../harness/send.ts';
import { startServer } from '../harness/server-process.ts';
import { ANNOUNCEMENTS_QUERY } from '../workloads/announcements.ts';
import { persistedQuery, postQuery } from '../workloads/graphql-requests.ts';
import { PEERS } from './index.ts';

// The upper bound: the responses of Frontdesk, with the same headers and bytes, over the product's HTTP
// framework, without GraphQL or a cache. They are recorded before this peer listens.

interface Constant {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The headers that Node and Fastify add by themselves. */
const ADDED_HEADERS = ['connection', 'content-length', 'date', 'keep-alive'];
const ANY_CORE = 0;
const operation = persistedQuery(ANNOUNCEMENTS_QUERY);

/** Records the responses of a Frontdesk with the same environment. */
async function recordResponses() {
  const program = PEERS.frontdesk?.program('mobile') as string;
  const { origin, stop } = await startServer(ANY_CORE, program, {});
  const record = async (request: LoadRequest): Promise<Constant> => {
    const response = await send(origin, request);
    const headers = Object.fromEntries(response.headers);
    for (const name of ADDED_HEADERS) delete headers[name];
    return { status: response.status, headers, body: await response.text() };
  };
  // So that the responses are hits, if anything is stored.
  await record(operation.register());
  await record(operation.get());
  const get = await record(operation.get());
  const post = await record(postQuery(ANNOUNCEMENTS_QUERY)());
  await stop();
  return { get, post };
}

const sendConstant = (reply: FastifyReply, { status, headers, body }: Constant) =>
  reply.code(status).headers(headers).send(body);

const { get, post } = await recordResponses();
const { 'content-type': _, ...headers } = get.headers;
const notModified = { status: 304, headers, body: '' };
const app = fastify();
app.get('/graphql', (request, reply) =>
  sendConstant(reply, request.headers['if-none-match'] === headers.etag ? notModified : get),
);
app.post('/graphql', (_request, reply) => sendConstant(reply, post));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`listening on ${url}`);
process.once('SIGTERM', () => process.exit());
