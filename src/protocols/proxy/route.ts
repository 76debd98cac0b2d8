/**
 * Pass-through routes: requests that an upstream answers itself, for what has not been modelled.
 *
 * routes.ts finds the route of a request, whose target request-target.ts has parsed strictly. The
 * pipeline admits it: identity, rate limits, overload, permission. Then @fastify/reply-from copies the
 * request (reply-from.ts) with the headers and bodies that the rules leave of it (header-rules.ts,
 * json-rules.ts), and the upstream engine sends it (upstream/forward.ts). Bodies stream in both
 * directions, unless a rule changes them.
 *
 * It must never forward a credential of the client, a header about one connection or a path that could be
 * read in two ways, let a cache store a response, or send what an upstream says in an error of its own.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cacheStatusHeader } from '../../cache/index.ts';
import type { ForwardedRequest, Upstreams } from '../../datasources/index.ts';
import type { createProofReader } from '../../http/request-proof.ts';
import { endUnreadBody } from '../../http/unread-body.ts';
import { type Pipeline, requestCallContext } from '../../pipeline/index.ts';
import type { Recorder } from '../../recorder.ts';
import { onDisconnect } from '../on-disconnect.ts';
import { createClientReader } from '../operation-request.ts';
import { fromClient } from './header-rules.ts';
import { fillTags } from './path-template.ts';
import type { ProxyRoute } from './proxy-route.ts';
import { type CopiedRequest, copyRequest, registerReplyFrom } from './reply-from.ts';
import { requestBody } from './request-body.ts';
import { formatTarget, parseTarget } from './request-target.ts';
import { responseHeaders } from './response-headers.ts';
import { type CompiledRoute, compileRoute, findRoute } from './routes.ts';

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;
/** Not for a response that a rule changes, which must be complete. */
const CONDITIONS = ['if-modified-since', 'if-none-match', 'if-range', 'range'];
const CHANGEABLE = { accept: 'application/json', 'accept-encoding': 'identity' };

/** The span of a forwarded request, below which its call is. */
const FORWARD = { name: 'forward' };

interface ProxyParts {
  readonly routes: readonly ProxyRoute[];
  readonly pipeline: Pick<Pipeline, 'admitRequest'>;
  readonly upstreams: Pick<Upstreams, 'forward'>;
  readonly changed: Recorder['changed'];
  readonly readProof: ReturnType<typeof createProofReader>;
}

/** Adds the routes of a BFF. @throws Error for a route that is not valid */
export async function addPassThrough(app: FastifyInstance, parts: ProxyParts): Promise<void> {
  const { pipeline, upstreams, changed, readProof } = parts;
  const toClient = createClientReader(readProof);
  const routes = parts.routes.map((definition) => {
    const { upstream, path } = definition;
    return { ...compileRoute(definition), forward: upstreams.forward(upstream, path) };
  });

  async function handle(request: FastifyRequest, reply: FastifyReply) {
    const { method, hostname, headers, raw } = request;
    const { segments, query } = parseTarget(raw.url ?? '');
    const { route, match } = findRoute(routes, { method, segments, hostname, headers });
    const client = toClient(request, reply);
    const { caller, rateLimit } = await pipeline.admitRequest(client, route.access);
    onDisconnect(reply, () => caller.deadline.release());
    const body = await caller.deadline.wait(requestBody(raw, route));
    request.body = typeof body === 'string' ? undefined : body;
    reply.headers({ ...rateLimit, 'cache-status': cacheStatusHeader('bypass') });
    request.record.cacheStatus = 'bypass';

    let copied: CopiedRequest | undefined;
    const forwarded: ForwardedRequest = {
      method: method as ForwardedRequest['method'],
      target: formatTarget(route.target.fill(match), query),
      tags: fillTags(route.definition.purges ?? [], match),
      changeBody: route.changeResponse,
      build({ url, headers: ownHeaders }) {
        copied = copyRequest(reply, {
          url,
          text: typeof body === 'string' ? body : undefined,
          requestHeaders: (sent) => requestHeaders(sent, ownHeaders, route),
          responseHeaders: (received) => responseHeaders(received, route, reply.getHeader('vary')),
        });
        return copied.request as never;
      },
    };
    const { timings } = request.record;
    const forward = () => route.forward(forwarded, requestCallContext(caller, changed));
    const response = await (timings ? timings.measure('forward', forward, FORWARD) : forward());
    reply.raw.once('prefinish', () => endUnreadRequest(raw, reply.raw));
    copied?.deliver(response);
    return reply;
  }

  function addRoute(scope: FastifyInstance, url: string): void {
    try {
      scope.route({ method: [...METHODS], url, config: { isTraced: true }, handler: handle });
    } catch (cause) {
      throw new Error(`Route ${url}: the path is that of an endpoint`, { cause });
    }
  }

  await app.register(async (scope) => {
    // Bodies stay streams, whatever their type.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    await registerReplyFrom(scope);
    for (const url of new Set(routes.flatMap(urlsOf))) addRoute(scope, url);
  });
}

/** Lets a client that is still sending read the response to its end, before the connection is closed. */
function endUnreadRequest(request: FastifyRequest['raw'], response: FastifyReply['raw']): void {
  if (request.complete) return;
  request.unpipe();
  endUnreadBody(request, response, 0, () => {});
}

/** The URLs under which requests of a route arrive, for the router; `findRoute` decides. */
function urlsOf({ path: { literals, names, hasRest } }: CompiledRoute): string[] {
  const url = `/${literals.join('/')}`;
  return names.length > 0 || hasRest ? [url, `${url}/*`] : [url];
}

/** The client's headers, with those of every upstream call. */
function requestHeaders(
  sent: IncomingHttpHeaders,
  own: Readonly<Record<string, string>>,
  { definition, changeResponse }: CompiledRoute,
): OutgoingHttpHeaders {
  const { host, 'content-length': length } = sent;
  const client = fromClient(sent, definition.headers?.request);
  if (changeResponse) for (const name of CONDITIONS) delete client[name];
  return {
    'accept-encoding': 'identity',
    ...client,
    ...own,
    ...(changeResponse && CHANGEABLE),
    host,
    ...(length !== undefined && { 'content-length': length }),
  };
}
