import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { createViewerReader } from '../auth/viewer.ts';
import type { BffDefinition } from '../bff.ts';
import { createTextStore } from '../cache/store.ts';
import type { Config } from '../config.ts';
import { createUpstreams } from '../datasources/index.ts';
import { createOperationStore, loadCommittedOperations } from '../operations/index.ts';
import { createApollo } from './apollo.ts';
import { buildSchema } from './build-schema.ts';
import { createContextFactory } from './context-factory.ts';
import {
  answerBrokenRequest,
  answerErrors,
  answerFrameworkError,
  refuseMethod,
} from './error-handler.ts';
import { createExplorer } from './explorer.ts';
import { createGraphqlHandler } from './graphql-route.ts';
import { addHealth } from './health.ts';

const MOST_PERSISTED_TEXT = 16_000_000;
/** How long a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 15_000;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** One BFF, ready to listen. */
export interface BffServer {
  readonly app: FastifyInstance;
  /** Makes /readyz say that no more requests are wanted; those that come are answered. */
  readonly drain: () => void;
}

/** One BFF with /graphql, /healthz and /readyz. */
export async function createServer(bff: BffDefinition, config: Config): Promise<BffServer> {
  const app = fastify({
    logger: { level: config.logLevel, name: bff.name },
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerBrokenRequest,
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

  const upstreams = createUpstreams(config.upstreams, log);
  const contextOf = createContextFactory(createViewerReader(config.tokens), upstreams, config);

  answerWithRequestId(app);
  answerErrors(app);
  const drain = addHealth(app);
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: createGraphqlHandler(apollo, contextOf),
  });
  app.route({ method: ['DELETE', 'PATCH', 'PUT'], url: '/graphql', handler: refuseMethod });
  app.addHook('onClose', async () => {
    await apollo.stop();
    upstreams.close();
  });
  return { app, drain };
}

const requestIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();

function answerWithRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
}
