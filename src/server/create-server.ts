import { randomUUID } from 'node:crypto';
import fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { createViewerReader } from '../auth/viewer.ts';
import type { BffDefinition } from '../bff.ts';
import { createTextStore } from '../cache/store.ts';
import type { Config } from '../config.ts';
import { createUpstreams } from '../datasources/index.ts';
import { BffError, type ErrorCode } from '../errors.ts';
import { createOperationStore, loadCommittedOperations } from '../operations/index.ts';
import { createApollo } from './apollo.ts';
import { buildSchema } from './build-schema.ts';
import { createExplorer } from './explorer.ts';
import { toClientError } from './format-error.ts';
import { createGraphqlHandler } from './graphql-route.ts';

const MOST_PERSISTED_TEXT = 16_000_000;
const REQUEST_ID = /^[\w.:-]{1,128}$/;
const STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_TIMEOUT: 503,
};

/** One BFF, ready to listen: /graphql, /healthz and /readyz. */
export async function createServer(bff: BffDefinition, config: Config): Promise<FastifyInstance> {
  const app = fastify({
    logger: { level: config.logLevel, name: bff.name },
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    forceCloseConnections: 'idle',
  });
  const { log } = app;

  const schema = buildSchema(bff);
  const committed = loadCommittedOperations(bff.operations, schema);
  const operations = createOperationStore(committed, createTextStore(MOST_PERSISTED_TEXT));
  const example = committed.find(({ name }) => name === bff.example);
  const explorer = createExplorer(example, config);
  const { production } = config;
  const apollo = createApollo({ schema, operations, explorer, production, log });
  await apollo.start();

  const viewerOf = createViewerReader(config.tokens);
  const datasourcesOf = createUpstreams(config.upstreams, log);
  const contextOf = async ({ id: requestId, headers }: FastifyRequest) => {
    const deadline = performance.now() + config.requestDeadlineMs;
    const viewer = await viewerOf(headers.authorization);
    return { requestId, viewer, datasources: datasourcesOf({ requestId, deadline }) };
  };

  answerWithRequestId(app);
  answerErrors(app);
  addHealth(app);
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: createGraphqlHandler(apollo, contextOf),
  });
  app.addHook('onClose', () => apollo.stop());
  return app;
}

const requestIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();

function answerWithRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
}

function addHealth(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    reply.code(closing ? 503 : 200);
    return { status: closing ? 'closing' : 'ok' };
  });
}

/** What goes wrong outside of an execution gets the same form as what goes wrong inside. */
function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler(async (request, reply) => {
    reply.code(404);
    return errorBody('NOT_FOUND', 'There is nothing here: the API is at /graphql.', request);
  });
  app.setErrorHandler(async (error: FastifyError | BffError, request, reply) => {
    if (error instanceof BffError) {
      reply.code(STATUS[error.code] ?? 400);
      if (error.code === 'UNAUTHENTICATED') {
        reply.header('www-authenticate', 'Bearer error="invalid_token"'); // RFC 6750 §3
      }
      if (error.cause) request.log.info({ err: error.cause }, error.message);
      return errorBody(error.code, error.message, request);
    }
    const status = error.statusCode ?? 500;
    reply.code(status);
    if (status < 500) return errorBody('BAD_REQUEST', error.message, request);
    request.log.error({ err: error }, 'unexpected error');
    return errorBody('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.', request);
  });
}

const errorBody = (code: ErrorCode, message: string, { id }: FastifyRequest) => ({
  errors: [toClientError(code, message, id)],
});
