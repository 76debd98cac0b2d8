import fastify, { type FastifyReply } from 'fastify';
import { expectedAnnouncements } from '../workloads/announcements.ts';

// The yardstick: no GraphQL and no cache, only the bytes of one answer over the same framework.

const BODY = JSON.stringify(expectedAnnouncements);
const ETAG = '"announcements"';

const answer = (reply: FastifyReply) => reply.type('application/json; charset=utf-8').send(BODY);

const app = fastify();
app.get('/graphql', (request, reply) => {
  reply.header('cache-control', 'public, max-age=60').header('etag', ETAG);
  if (request.headers['if-none-match'] === ETAG) return reply.code(304).send();
  return answer(reply);
});
app.post('/graphql', (_request, reply) => answer(reply));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`listening on ${url}`);
process.once('SIGTERM', () => process.exit());
