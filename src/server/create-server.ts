/**
 * The composition root: creates the parts of one BFF from its definition and its configuration, and
 * connects them.
 *
 * create-server.ts is the only place that knows every part; run.ts listens, and ends the process
 * gracefully. It must never leave anything open if the start fails.
 */
import { hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { printSchema } from 'graphql';
import type { Logger } from 'pino';
import type { BffDefinition } from '../bff.ts';
import { createResponseCache } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import { createUpstreams } from '../datasources/index.ts';
import { allowOrigins } from '../http/cors.ts';
import { createApp } from '../http/create-app.ts';
import { addHealth } from '../http/health.ts';
import { addTrafficGuards } from '../http/traffic-guards.ts';
import { createCompiler, createDeprecationLookup } from '../operations/index.ts';
import {
  createApollo,
  createContextFactory,
  createExecutor,
  createPipeline,
  createSubscriber,
} from '../pipeline/index.ts';
import { createErrorHandler } from '../protocols/graphql-over-http/request-errors.ts';
import { createProblemHandler } from '../protocols/rest/route.ts';
import { createResponseSender } from '../protocols/send-response.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics/index.ts';
import { createSubscriptionObserver } from '../telemetry/subscriptions.ts';
import { createTracing } from '../telemetry/tracing/index.ts';
import { createAdmissionControl, createIpFilter, createRateLimiter } from '../traffic/index.ts';
import { addGauges } from './add-gauges.ts';
import { createAdmin } from './admin.ts';
import { createApiObserver } from './api-observer.ts';
import { createAuthentication } from './authentication.ts';
import { buildSchema } from './build-schema.ts';
import { reloadCertificate, type SecureServer } from './certificate-reload.ts';
import { addDevelopmentPages } from './development-pages.ts';
import { createBffPlanner, loadOperations } from './load-operations.ts';
import { addLogin } from './login-routes.ts';
import { openRedis } from './open-redis.ts';
import type { Peers } from './peers.ts';
import { addProtocols } from './protocols.ts';
import { createPurges } from './purges.ts';
import { notFoundMessage } from './rest-api.ts';
import { warmUp } from './warm-up.ts';

const MAX_BODY_BYTES = 256 * 1_024;

/** One BFF, ready to listen. */
export interface BffServer {
  readonly app: FastifyInstance;
  /** The listener for operators and services. */
  readonly admin: FastifyInstance;
  /** Compiles the committed operations, and then makes /readyz respond 200. */
  readonly warmUp: () => Promise<void>;
  readonly log: Logger;
  /** Makes /readyz respond 503; requests are still answered. */
  readonly drain: () => void;
  /** Makes clients connect anew, and so to other workers; requests are still answered. */
  readonly retire: () => void;
  readonly metrics: Metrics;
}

/**
 * Creates one BFF: /graphql, /auth, /healthz and /readyz, and an admin listener with /purge.
 * @param peers - undefined for a process that serves the BFF alone
 */
export async function createServer(
  bff: BffDefinition,
  config: Config,
  peers?: Peers,
): Promise<BffServer> {
  const { production, requestDeadlineMs, corsOrigins, corsHeaders, network } = config;
  const log = createLog({
    name: bff.name,
    level: config.logLevel,
    isBuffered: !config.isDevelopment,
    worker: peers?.workerId,
  });
  const app = createApp({
    log,
    forceCloseConnections: 'idle',
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: network.trustedProxies.length > 0 && [...network.trustedProxies],
    notFoundMessage: () => notFoundMessage(api),
    tls: config.tls,
    requestsCertificates: bff.credentials.includes('certificate'),
    // Created below, because they need the log.
    handleError(error, request, reply) {
      const isRest = request.is404 && api.routes.length > 0;
      return (isRest ? handleProblem : handleError)(error, request, reply);
    },
    observer: {
      begin: (request) => observer.begin(request),
      end: (...args) => observer.end(...args),
    },
  });
  // Closed at once if the start fails, otherwise with the server.
  await using opened = new AsyncDisposableStack();

  const certificate =
    config.tls && reloadCertificate(app.server as unknown as SecureServer, config.tls, log);
  opened.defer(() => certificate?.stop());

  // Traffic
  const redis = await openRedis(config, log);
  opened.defer(() => redis?.close());
  const rateLimiter = createRateLimiter({
    limits: config.rateLimits,
    redis,
    counter: peers?.counter,
    prefix: `frontdesk:rate:${bff.name}`,
  });
  opened.defer(() => rateLimiter.flush());
  const admission = createAdmissionControl();
  const handleError = createErrorHandler(!production, rateLimiter.charge);
  const handleProblem = createProblemHandler(rateLimiter.charge);

  // Operations and execution
  const schema = buildSchema(bff);
  const loaded = loadOperations(bff, schema, config);
  const { operations, committed, example } = loaded;
  const compiler = createCompiler(schema);
  const apollo = createApollo({ ...config, schema, compiler, operations, example, log });
  await apollo.start();
  opened.defer(() => apollo.stop());

  // Telemetry
  const metrics = createMetrics({
    isCommitted: loaded.isCommitted,
    isTrusted: operations.isTrustedHash,
    isDeprecated: createDeprecationLookup(schema),
  });
  const manifests = loaded.watchManifests(log, metrics.setManifests);
  opened.defer(() => manifests?.stop());
  const tracing =
    config.tracing &&
    (await createTracing(config.tracing, { log, countLost: metrics.countLostSpans }));
  opened.defer(() => tracing?.close());
  const { isDevelopment } = config;
  const observer = createApiObserver({ metrics, tracing, isDevelopment });

  // Upstreams and cache
  const upstreams = createUpstreams(bff.upstreams, config.upstreams, log, metrics.upstreams);
  opened.defer(() => upstreams.close());
  const purges = await createPurges({
    edges: config.edges,
    peers,
    redis,
    log,
    metrics,
    beforePurge: () => upstreams.recordWrite(),
  });
  opened.defer(() => purges.close());
  const cache = createResponseCache({
    bytes: config.cacheBytes,
    tagVersions: purges.tagVersions,
    replicas: purges.replicas,
    redis,
    stale: bff.stale,
    log,
  });
  addGauges(metrics, { app, cache, certificate, manifests, redis, replicas: purges.replicas });
  const { changed, listen } = purges;
  const { strictScopes } = config;
  const createContext = createContextFactory({ upstreams, strictScopes, changed, listen });

  const { auth, credentials, readProof } = createAuthentication(bff, config, { redis, log, peers });
  opened.defer(() => credentials.close());
  const pipeline = createPipeline({
    ...credentials,
    rateLimiter,
    admission,
    operations,
    planner: createBffPlanner(bff, schema),
    cache,
    keyPrefix: [bff.name, hash('sha256', printSchema(schema))],
    executor: createExecutor(apollo),
    subscriber: createSubscriber({ schema, compiler, log }),
    subscriptionObserver: createSubscriptionObserver(metrics, log),
    createContext,
    requestDeadlineMs,
    limits: bff.limits,
  });

  // HTTP: hooks run in this order, before a body is parsed.
  const { start, drain, retire, closeIfDraining } = addHealth(app);
  // First, so that pages can read the refusals of the guards.
  const cors = { origins: corsOrigins, headers: corsHeaders };
  await allowOrigins(app, { ...cors, hasSessions: auth !== undefined });
  addTrafficGuards(app, { ipFilter: createIpFilter(network), admission, rateLimiter });

  // A page of another site can post this type without a preflight request (CORS).
  app.removeContentTypeParser('text/plain');
  const shared = { ...bff.stale, ...purges.sharedCaches };
  const send = createResponseSender({ cache, shared, closeIfDraining });
  const pages = await addDevelopmentPages(app, config, { apollo, bff, schema, committed, example });
  const { api } = await addProtocols(app, bff, config, {
    schema,
    committed,
    pipeline,
    credentials,
    readProof,
    send,
    rateLimiter,
    handleProblem,
    upstreams,
    changed,
    admission,
    metrics,
    log,
    renderLandingPage: pages?.renderLandingPage,
  });
  pages?.addStartPage(api);
  if (auth) addLogin(app, { auth, credentials, rateLimiter, corsOrigins });

  const admin = createAdmin({
    log,
    secret: config.admin.purgeSecret,
    receive: purges.receive,
    collectMetrics: () => metrics.registry.metrics(),
  });
  opened.defer(() => admin.close());
  const resources = opened.move();
  app.addHook('onClose', () => resources.disposeAsync());
  return {
    app,
    log,
    admin,
    warmUp: () => warmUp(committed, compiler).then(start),
    drain,
    retire,
    metrics,
  };
}
