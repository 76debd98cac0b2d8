import fastify, { type FastifyReply } from 'fastify';
import { expectedAnnouncements } from '../workloads/announcements.ts';

// The upper bound: the bytes of one response over the product's HTTP framework, without GraphQL or a
// cache.

const BODY = JSON.stringify(expectedAnnouncements);
const ETAG = '"announcements"';

const sendBody = (reply: FastifyReply) => reply.type('application/json; charset=utf-8').send(BODY);

const app = fastify();
app.get('/graphql', (request, reply) => {
  reply.header('cache-control', 'public, max-age=60').header('etag', ETAG);
  if (request.headers['if-none-match'] === ETAG) return reply.code(304).send();
  return sendBody(reply);
});
app.post('/graphql', (_request, reply) => sendBody(reply));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`listening on ${url}`);
process.once('SIGTERM', () => process.exit());
