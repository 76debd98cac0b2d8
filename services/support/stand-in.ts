import type { DescService } from '@bufbuild/protobuf';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { createAuthenticator } from './authenticator.ts';
import { addControlRoutes, type Control, createControl } from './control.ts';
import { DEMO_PURGE_SECRET } from './demo-purge-secret.ts';
import { createEventPublisher } from './event-publisher.ts';
import { createGrpcListener } from './grpc.ts';
import { noSelection, type Operation, select } from './operation.ts';
import { Problem } from './problem.ts';
import { acceptHttp2 } from './shared-port.ts';

export type ServiceOptions = {
  /** The folder of the database file; without it, data live in memory. */
  dataDir?: string;
  logger?: boolean;
  /** The clock, in milliseconds since the epoch. */
  now?: () => number;
  /** The bearer token that every caller must send; without it, callers need none. */
  serviceToken?: string;
  /** The key that verifies `x-viewer`; without it, callers need no viewer. */
  viewerKey?: string;
  /** URLs that receive events from the start. */
  subscribers?: readonly string[];
  /** Signs the events (default: the demo's public secret). */
  purgeSecret?: string;
};

export type StandIn = FastifyInstance & { control: Control };

/**
 * Creates a server for the operations, with fault injection and request counters.
 * @param grpcService - serves the operations over gRPC too, on the same port
 */
export function createStandIn(
  name: string,
  operations: readonly Operation[],
  {
    logger = false,
    serviceToken,
    viewerKey,
    purgeSecret = DEMO_PURGE_SECRET,
    subscribers = [],
  }: ServiceOptions,
  grpcService?: DescService,
): StandIn {
  const authenticator = createAuthenticator(name, { serviceToken, viewerKey });
  const publisher = createEventPublisher(purgeSecret);
  const names = operations.map(({ name }) => name);
  const control = createControl(names, publisher);
  control.handle.subscribe(subscribers);
  const app = Fastify({
    logger,
    exposeHeadRoutes: false,
    // An id of 255 characters, percent-encoded.
    routerOptions: { maxParamLength: 3_100 },
    // Idle keep-alive connections must not delay the end of the process.
    forceCloseConnections: true,
    // Hooks don't run for a URL that can't be decoded, so it is counted here.
    frameworkErrors(error, request, reply) {
      control.count(undefined, request, reply);
      sendError(error, reply);
    },
  });
  const byRoute: Partial<Record<string, Operation[]>> = Object.groupBy(
    operations,
    ({ method, path }) => `${method} ${path}`,
  );
  const onRoute = (request: FastifyRequest) =>
    byRoute[`${request.method} ${request.routeOptions.url}`] ?? [];

  if (grpcService) {
    const parts = { authenticator, control, publisher };
    const closeHttp2 = acceptHttp2(app.server, createGrpcListener(grpcService, operations, parts));
    app.addHook('preClose', closeHttp2);
  }
  acceptEmptyJson(app);
  app.setErrorHandler<FastifyError>((error, _request, reply) => sendError(error, reply));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'unknown_route' }));
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url?.startsWith('/_control')) return;
    const operation = select(onRoute(request), request.query);
    if (await control.onRequest(operation?.name, request, reply)) return;
    if (operation) await authenticator.authenticate(operation, request);
  });
  app.addHook('onSend', (request, reply, payload) => control.onSend(request, reply, payload));

  for (const group of Object.values(byRoute)) {
    const first = group?.[0];
    if (!group || !first) continue;
    app.route({
      method: first.method,
      url: first.path,
      handler: async (request, reply) => {
        const operation = select(group, request.query);
        if (!operation) throw noSelection(group, request.query);
        const { response, changedTags, event } = await operation.run(
          request,
          reply,
          authenticator.viewerOf(request),
        );
        // Published here, so that subscribers learn of the write even if a fault replaces the response.
        await publisher.publish(changedTags, event);
        return response;
      },
    });
  }
  addControlRoutes(app, control);
  app.addHook('onClose', async () => publisher.close());
  return Object.assign(app, { control: control.handle });
}

function sendError(error: FastifyError | Problem, reply: FastifyReply) {
  if (error instanceof Problem) return reply.code(error.status).send(error.toJSON());
  const status = error.statusCode ?? 500;
  if (status >= 500) reply.log.error(error);
  return reply.code(status).send({ code: toCode(error, status) });
}

function toCode(error: FastifyError, status: number): string {
  if (status >= 500) return 'internal';
  if (error.code === 'FST_ERR_BAD_URL') return 'malformed_url';
  if (status === 413) return 'too_large';
  return status === 415 ? 'unsupported_media_type' : 'malformed_body';
}

/** Accepts an empty body of type JSON, which many clients send. */
function acceptEmptyJson(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    return parse(request, body as string, done);
  });
}
