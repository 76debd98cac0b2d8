import type { FastifyInstance } from 'fastify';
import { createCredentialReader } from '../auth/credentials.ts';
import type { BffDefinition } from '../bff.ts';
import { TagVersions } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import { createUpstreams } from '../datasources/index.ts';
import { allowOrigins } from '../http/cors.ts';
import { createApp } from '../http/create-app.ts';
import { pathNotFound, refuseMethod } from '../http/error-handler.ts';
import { addHealth, isHealthCheck } from '../http/health.ts';
import { createMalformedUrlRefusal } from '../http/malformed-url.ts';
import { createCallerReader } from '../pipeline/authenticate.ts';
import { createApollo } from '../pipeline/execute/apollo.ts';
import { Executing } from '../pipeline/execute/document-handoff.ts';
import { createEngine } from '../pipeline/execute/executor.ts';
import { createExplorer } from '../pipeline/execute/sandbox.ts';
import { createContextFactory } from '../pipeline/execution-context.ts';
import { createErrorAnswerer } from '../protocols/graphql-over-http/request-errors.ts';
import { createGraphqlHandler } from '../protocols/graphql-over-http/route.ts';
import { createSender } from '../protocols/graphql-over-http/send-response.ts';
import { describeRequest } from '../telemetry/log.ts';
import { createAdmin } from './admin.ts';
import { buildSchema } from './build-schema.ts';
import { createEdge } from './create-edge.ts';
import { createDoor } from './door.ts';
import { loadOperations } from './load-operations.ts';
import { addSession } from './session.ts';
import { addStartPage } from './start-page.ts';

/** For how long nothing is kept of what was changed with an unknown outcome. */
const UNCERTAIN_MS = 30_000;
/** The most that a request's body may have, in bytes. */
const MOST_BODY = 256 * 1_024;

const NOT_HERE = 'There is nothing here: the API is at /graphql.';

/** One BFF, ready to listen. */
export interface BffServer {
  readonly app: FastifyInstance;
  /** The listener for operators and services. */
  readonly admin: FastifyInstance;
  /** Makes /readyz say that no more requests are wanted; those that come are answered. */
  readonly drain: () => void;
}

/** One BFF with /graphql, /session, /healthz and /readyz, and its admin listener with /purge. */
export async function createServer(bff: BffDefinition, config: Config): Promise<BffServer> {
  const malformedUrls = createMalformedUrlRefusal();
  const app = createApp({
    logger: loggerOf(bff.name, config.logLevel),
    forceCloseConnections: 'idle',
    bodyLimit: MOST_BODY,
    trustProxy: [...config.network.trustedProxies],
    notFoundMessage: NOT_HERE,
    frameworkErrors: malformedUrls.reroute,
    answerError: (...failed) => answerError(...failed),
  });
  const { log } = app;
  const { production, requestDeadlineMs, strictScopes, corsOrigins } = config;
  const hasSessions = bff.credentials.includes('cookie');

  const schema = buildSchema(bff);
  const { operations, example } = loadOperations(bff, schema, config);
  const explorer = createExplorer(example, config);
  const executing = new Executing();
  const apollo = createApollo({ schema, executing, explorer, production, log });
  // If the start fails, what was opened is closed; otherwise it is when the server is.
  await using opened = new AsyncDisposableStack();
  await apollo.start();
  opened.defer(() => apollo.stop());

  const upstreams = createUpstreams(bff.upstreams, config.upstreams, log);
  opened.defer(() => upstreams.close());
  const numbers = new TagVersions(() => upstreams.recordWrite());
  const { edge, prepare, questionOf } = createEdge(bff, {
    schema,
    numbers,
    bytes: config.cacheBytes,
    log,
  });
  const contextOf = createContextFactory({
    upstreams,
    isStrict: strictScopes,
    changed(tags, isCertain) {
      if (!isCertain) return numbers.quarantine(tags, UNCERTAIN_MS);
      numbers.purge(tags);
      return undefined;
    },
  });
  const admin = createAdmin({
    log,
    secret: config.admin.purgeSecret,
    purge: (tags) => numbers.purge(tags),
  });

  const { drain, isDraining } = addHealth(app);
  const door = await createDoor(bff.name, config, log);
  opened.defer(() => door.close());
  const { credentials } = bff;
  const reader = createCredentialReader({ ...config, credentials, log });
  opened.defer(() => reader.close());
  const answerError = createErrorAnswerer(!production, door.charge);
  await allowOrigins(app, { origins: corsOrigins, headers: config.corsHeaders, hasSessions });
  // After that of CORS, so that pages can read the refusals.
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isHealthCheck(request)) door.check(request);
    malformedUrls.refuse(request);
    // Before the body is parsed.
    if (request.is404) throw pathNotFound(NOT_HERE);
    done();
  });
  // What a page of another site may post without asking first (CORS) is not taken.
  app.removeContentTypeParser('text/plain');
  app.route({
    method: ['GET', 'HEAD', 'POST'],
    url: '/graphql',
    handler: createGraphqlHandler({
      callerOf: createCallerReader(reader.readViewer, requestDeadlineMs),
      operations,
      prepare,
      payment: door.payment,
      admission: door.admission,
      questionOf,
      edge,
      contextOf,
      engine: createEngine(apollo, executing),
      send: createSender(edge, bff.stale, isDraining),
      limits: bff.limits,
      batchMost: config.batchMost,
      hasPage: !production,
      deadlineMs: requestDeadlineMs,
    }),
  });
  app.route({
    method: ['DELETE', 'OPTIONS', 'PATCH', 'PUT'],
    url: '/graphql',
    handler: refuseMethod,
  });
  if (!production) addStartPage(app, { name: bff.name, example, trustedOnly: config.trustedOnly });
  if (hasSessions) {
    addSession(app, { viewerOf: reader.readViewer, payment: door.payment, corsOrigins });
  }
  opened.defer(() => admin.close());
  const resources = opened.move();
  app.addHook('onClose', () => resources.disposeAsync());
  return { app, admin, drain };
}

/** Where nothing is logged, no request has a logger made for it. */
const loggerOf = (name: string, level: string) =>
  level === 'silent' ? false : { level, name, serializers: { req: describeRequest } };
