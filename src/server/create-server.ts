import type { FastifyInstance } from 'fastify';
import { createViewerReader } from '../auth/viewer.ts';
import type { BffDefinition } from '../bff.ts';
import { createTextStore, TagNumbers } from '../cache/index.ts';
import type { Config } from '../config.ts';
import { createUpstreams } from '../datasources/index.ts';
import {
  createDocumentReader,
  createOperationStore,
  loadCommittedOperations,
} from '../operations/index.ts';
import { createAdmin } from './admin.ts';
import { createApollo } from './apollo.ts';
import { buildSchema } from './build-schema.ts';
import { createCallerReader } from './caller.ts';
import { createContextFactory } from './context-factory.ts';
import { createApp } from './create-app.ts';
import { createEdge } from './create-edge.ts';
import { createEngine } from './engine.ts';
import { refuseMethod } from './error-handler.ts';
import { createExplorer } from './explorer.ts';
import { createGraphqlHandler } from './graphql-route.ts';
import { addHealth } from './health.ts';
import { createSender } from './send.ts';

const MOST_PERSISTED_TEXT = 16_000_000;
/** For how long nothing is kept of what was changed with an unknown outcome. */
const UNCERTAIN_MS = 30_000;

/** One BFF, ready to listen. */
export interface BffServer {
  readonly app: FastifyInstance;
  /** The listener for operators and services. */
  readonly admin: FastifyInstance;
  /** Makes /readyz say that no more requests are wanted; those that come are answered. */
  readonly drain: () => void;
}

/** One BFF with /graphql, /healthz and /readyz, and its admin listener with /purge. */
export async function createServer(bff: BffDefinition, config: Config): Promise<BffServer> {
  const app = createApp({
    logger: { level: config.logLevel, name: bff.name },
    forceCloseConnections: 'idle',
    notHere: 'There is nothing here: the API is at /graphql.',
  });
  const { log } = app;
  const { production, requestDeadlineMs, strictScopes } = config;

  const schema = buildSchema(bff);
  const committed = loadCommittedOperations(bff.operations, schema);
  const operations = createOperationStore({
    committed,
    texts: createTextStore(MOST_PERSISTED_TEXT),
    read: createDocumentReader(schema, !production),
  });
  const example = committed.find(({ name }) => name === bff.example);
  const explorer = createExplorer(example, config);
  const apollo = createApollo({ schema, operations, explorer, production, log });
  await apollo.start();

  const upstreams = createUpstreams(config.upstreams, log);
  const numbers = new TagNumbers(() => upstreams.noteChange());
  const { edge, questionOf } = createEdge(bff, { schema, numbers, bytes: config.cacheBytes });
  const contextOf = createContextFactory({
    upstreams,
    isStrict: strictScopes,
    changed: (tags, isCertain) =>
      isCertain ? numbers.purge(tags) : numbers.hold(tags, UNCERTAIN_MS),
  });
  const admin = createAdmin({
    log,
    secret: config.admin.purgeSecret,
    purge: (tags) => numbers.purge(tags),
  });

  const { drain, isDraining } = addHealth(app);
  // What a page of another site may post without asking first (CORS) is not taken.
  app.removeContentTypeParser('text/plain');
  app.route({
    method: ['GET', 'HEAD', 'POST'],
    url: '/graphql',
    handler: createGraphqlHandler({
      callerOf: createCallerReader(createViewerReader(config.tokens), requestDeadlineMs),
      operations,
      questionOf,
      edge,
      contextOf,
      engine: createEngine(apollo),
      send: createSender(edge, bff.stale, isDraining),
      deadlineMs: requestDeadlineMs,
    }),
  });
  app.route({ method: ['DELETE', 'PATCH', 'PUT'], url: '/graphql', handler: refuseMethod });
  app.addHook('onClose', async () => {
    await admin.close();
    await apollo.stop();
    upstreams.close();
  });
  return { app, admin, drain };
}
