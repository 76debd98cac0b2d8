import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import type { Upstreams } from '../datasources/index.ts';
import type { ErrorHandler } from '../http/error-handler.ts';
import type { CommittedOperation } from '../operations/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { addGraphql } from '../protocols/graphql-over-http/route.ts';
import { listTools } from '../protocols/mcp/tools.ts';
import { createRequestReader } from '../protocols/operation-request.ts';
import { addRest } from '../protocols/rest/route.ts';
import type { ResponseSender } from '../protocols/send-response.ts';
import type { Recorder } from '../recorder.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';
import type { AdmissionControl, RateLimiter } from '../traffic/index.ts';
import type { createAuthentication } from './authentication.ts';
import { findDescriptionPage, readRestApi } from './rest-api.ts';
import { addSubscriptions } from './subscriptions.ts';

interface ProtocolParts
  extends Pick<ReturnType<typeof createAuthentication>, 'credentials' | 'readProof'> {
  readonly schema: GraphQLSchema;
  readonly committed: readonly CommittedOperation[];
  readonly pipeline: Pipeline;
  readonly send: ResponseSender;
  readonly rateLimiter: RateLimiter;
  readonly handleProblem: ErrorHandler;
  readonly upstreams: Upstreams;
  readonly changed: Recorder['changed'];
  readonly admission: Pick<AdmissionControl, 'refuseExcess'>;
  readonly metrics: Pick<Metrics, 'requests'>;
  readonly log: Log;
  /** Undefined in production. */
  readonly renderLandingPage: (() => Promise<string>) | undefined;
}

/**
 * Adds the protocols by which operations can be run, and the pass-through routes.
 * @returns the REST API
 * @throws Error for a wrong `@rest`, `@tool` or route
 */
export async function addProtocols(
  app: FastifyInstance,
  bff: BffDefinition,
  config: Config,
  parts: ProtocolParts,
) {
  const { schema, committed, credentials, readProof } = parts;
  const readRequest = createRequestReader(readProof);
  const { maxBatchOperations, isDevelopment } = config;
  const explain = { maxCost: bff.limits.cost, showsAddresses: isDevelopment };
  const addUpgrades = addSubscriptions(app, bff, config, parts);
  addGraphql(app, { ...parts, readRequest, maxBatchOperations, explain, addUpgrades });

  const api = readRestApi(bff, schema, committed);
  const page = findDescriptionPage(config);
  addRest(app, { ...parts, api, errorHandler: parts.handleProblem, page, readRequest });

  const tools = listTools(schema, committed);
  if (config.servesTools) {
    // Loaded only if it is used: the SDK takes a fifth of a second.
    const { addMcp } = await import('../protocols/mcp/route.ts');
    const { recheckViewer } = credentials;
    addMcp(app, { ...config, ...parts, name: bff.name, tools, readRequest, recheckViewer });
  }

  const { routes = [] } = bff;
  if (routes.length > 0) {
    // Loaded only if it is used, with the libraries that it needs.
    const { addPassThrough } = await import('../protocols/proxy/route.ts');
    await addPassThrough(app, { ...parts, routes });
  }
  return { api };
}
