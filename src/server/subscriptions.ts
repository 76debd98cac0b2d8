import type { FastifyInstance } from 'fastify';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import { createOriginReader } from '../http/request-origin.ts';
import type { createProofReader } from '../http/request-proof.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { RouteHandler } from '../protocols/graphql-over-http/route.ts';
import { addServerSentEvents, createWebSocketHandler } from '../protocols/subscriptions/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';
import type { AdmissionControl, RateLimiter } from '../traffic/index.ts';

interface SubscriptionParts {
  readonly pipeline: Pipeline;
  readonly readProof: ReturnType<typeof createProofReader>;
  readonly admission: Pick<AdmissionControl, 'refuseExcess'>;
  readonly rateLimiter: RateLimiter;
  readonly metrics: Pick<Metrics, 'requests'>;
  readonly log: Log;
}

/**
 * Adds the protocols of a BFF's subscriptions. There are none without a secret for events: without their
 * signatures, anyone could send them.
 * @returns a function that adds WebSocket to the handler of /graphql, if the BFF offers it
 */
export function addSubscriptions(
  app: FastifyInstance,
  { subscriptions = [] }: BffDefinition,
  config: Config,
  { pipeline, readProof, admission, rateLimiter, metrics, log }: SubscriptionParts,
): (handler: RouteHandler) => RouteHandler {
  if (config.admin.purgeSecret === undefined) return (handler) => handler;
  const readers = { readProof, originOf: createOriginReader(config.publicUrl) };
  app.addHook('preClose', async () => pipeline.closeStreams());
  if (subscriptions.includes('sse')) addServerSentEvents(app, { pipeline, ...readers });
  if (!subscriptions.includes('websocket')) return (handler) => handler;
  const isSchemaPublic = !config.production;
  const { observe: observeOperation } = metrics.requests;
  const guards = { admission, rateLimiter, log, isSchemaPublic, observeOperation };
  const { isUpgrade, handle } = createWebSocketHandler(app, { pipeline, ...readers, ...guards });
  return (handler) => (request, reply) =>
    isUpgrade(request.raw) ? handle(request, reply) : handler(request, reply);
}
