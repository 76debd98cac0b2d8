import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { type Control, controlRoutes, createControl } from './control.ts';
import { DEMO_PURGE_SECRET } from './demo-purge-secret.ts';
import { createEvents } from './events.ts';
import { createIdentity } from './identity.ts';
import { noSelection, type Operation, select } from './operation.ts';
import { Refusal } from './refusal.ts';

export type ServiceOptions = {
  /** Where the database file lives; without it, data live in memory. */
  dataDir?: string;
  logger?: boolean;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** What every caller must show as a bearer token; without it, nobody is asked. */
  serviceToken?: string;
  /** Verifies for whom a caller acts (`x-viewer`); without it, nobody is asked. */
  viewerKey?: string;
  /** Who is told of writes from the start, as whole addresses. */
  subscribers?: readonly string[];
  /** Signs what subscribers are told; without it, the demo's public secret does. */
  purgeSecret?: string;
};

export type StandIn = FastifyInstance & { control: Control };

/** A server for the operations, with faults and counters; not yet listening. */
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
): StandIn {
  const identity = createIdentity(name, { serviceToken, viewerKey });
  const events = createEvents(purgeSecret);
  const names = operations.map(({ name }) => name);
  const control = createControl(names, events);
  control.handle.subscribe(subscribers);
  const app = Fastify({
    logger,
    exposeHeadRoutes: false,
    // A client's idle keep-alive connection must not hold up the end of the process.
    forceCloseConnections: true,
    // Hooks do not run for a URL that cannot be decoded, so it is counted here.
    frameworkErrors(error, request, reply) {
      control.count(undefined, request, reply);
      refuse(error, reply);
    },
  });
  const byRoute: Partial<Record<string, Operation[]>> = Object.groupBy(
    operations,
    ({ method, path }) => `${method} ${path}`,
  );
  const onRoute = (request: FastifyRequest) =>
    byRoute[`${request.method} ${request.routeOptions.url}`] ?? [];

  acceptEmptyJson(app);
  app.setErrorHandler<FastifyError>((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'unknown_route' }));
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url?.startsWith('/_control')) return;
    const chosen = select(onRoute(request), request.query);
    if (await control.onRequest(chosen?.name, request, reply)) return;
    if (chosen) await identity.demand(chosen, request);
  });
  app.addHook('onSend', (request, reply, payload) => control.onSend(request, reply, payload));

  for (const group of Object.values(byRoute)) {
    const first = group?.[0];
    if (!group || !first) continue;
    app.route({
      method: first.method,
      url: first.path,
      handler: async (request, reply) => {
        const chosen = select(group, request.query);
        if (!chosen) throw noSelection(group, request.query);
        const { answer, changed } = await chosen.run(request, reply, identity.viewerOf(request));
        // Here, so that it is told even if a fault then keeps the answer from the caller.
        await events.publish(changed);
        return answer;
      },
    });
  }
  controlRoutes(app, control);
  app.addHook('onClose', async () => events.close());
  return Object.assign(app, { control: control.handle });
}

function refuse(error: FastifyError | Refusal, reply: FastifyReply) {
  if (error instanceof Refusal) return reply.code(error.status).send(error.toJSON());
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

/** Clients that name JSON as the type of an empty body are common, and mean no harm. */
function acceptEmptyJson(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    return parse(request, body as string, done);
  });
}
