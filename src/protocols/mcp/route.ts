/**
 * Model Context Protocol: committed operations with `@tool` as tools for agents, at POST /mcp.
 *
 * tools.ts reads the tools from the operations, once at the start. For each request, the SDK handles the
 * protocol, in its current and earlier revisions; a call's arguments become variables (read-arguments.ts),
 * the pipeline runs the operation, and tool-result.ts makes a result of its response. There are no sessions
 * and no streams, so any replica can answer any request. protected-resource.ts tells clients whose tokens
 * are accepted.
 *
 * It must never decide who may see what, or run an operation that is not committed.
 */
import { createMcpHandler, ProtocolError, Server } from '@modelcontextprotocol/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RecheckViewer } from '../../auth/credentials.ts';
import { cacheStatusHeader, NO_STORE } from '../../cache/index.ts';
import { BffError, methodNotAllowed, unauthenticated } from '../../errors.ts';
import { toRefusal } from '../../http/error-handler.ts';
import { createRefusalCharge } from '../../http/refusal-charge.ts';
import type { createProofReader } from '../../http/request-proof.ts';
import type { Access, OperationResponse, Pipeline } from '../../pipeline/index.ts';
import type { RateLimiter } from '../../traffic/index.ts';
import { GRAPHQL } from '../graphql-over-http/representation.ts';
import { createClientReader, type RequestReader } from '../operation-request.ts';
import type { ResponseSender } from '../send-response.ts';
import { createJsonRpcErrorHandler } from './json-rpc-error.ts';
import {
  addMetadata,
  createProtectedResource,
  MCP_PATH,
  type ProtectedResource,
  type ProtectedResourceOptions,
} from './protected-resource.ts';
import { readArguments } from './read-arguments.ts';
import { findTokenError, toErrorResult, toToolResult } from './tool-result.ts';
import type { OperationTool } from './tools.ts';

interface McpParts extends ProtectedResourceOptions {
  readonly tools: readonly OperationTool[];
  readonly pipeline: Pipeline;
  readonly readRequest: RequestReader;
  readonly recheckViewer: RecheckViewer;
  readonly readProof: ReturnType<typeof createProofReader>;
  readonly send: ResponseSender;
  readonly rateLimiter: Pick<RateLimiter, 'charge' | 'take'>;
  /** Other origins whose pages may use the endpoint. */
  readonly corsOrigins: readonly string[];
}

/** What became of the call in a request, if there was one. */
interface Call {
  readonly response?: OperationResponse;
  /** The error that the whole request is answered with. */
  readonly refusal?: BffError;
}

/** The headers that the protocol needs. Credentials are none of its business. */
const PROTOCOL_HEADERS = [
  'accept',
  'content-type',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
];
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'PUT'];
const TOOL_CALL = 'tools/call';
/** What a request that calls no tool needs and costs: anyone may learn which tools there are. */
const ACCESS: Access = { permission: () => true, cost: 1 };
const LIST_MAX_AGE_MS = 300_000;
const INVALID_PARAMS = -32_602;

/** Adds the endpoint of the tools and its metadata; neither if there are no tools. */
export function addMcp(app: FastifyInstance, parts: McpParts): void {
  const { tools, rateLimiter } = parts;
  if (tools.length === 0) return;
  const resource = createProtectedResource(parts);
  const errorHandler = createJsonRpcErrorHandler(resource, rateLimiter.charge);
  addMetadata(app, resource, rateLimiter);
  app.route({
    method: 'POST',
    url: MCP_PATH,
    config: { isTraced: true },
    errorHandler,
    handler: createHandler(parts, resource),
  });
  const handler = () => {
    throw methodNotAllowed('This path takes POST only.', 'POST');
  };
  app.route({ method: METHODS, url: MCP_PATH, errorHandler, handler });
}

function createHandler(parts: McpParts, resource: ProtectedResource) {
  const { pipeline, readRequest, send, rateLimiter, corsOrigins } = parts;
  const tools = new Map(parts.tools.map((tool) => [tool.name, tool]));
  const listed = parts.tools.map(({ description }) => description);
  const chargeRefusal = createRefusalCharge(rateLimiter.charge);
  const toClient = createClientReader(parts.readProof);

  /** A request with `Origin` comes from a page. @throws BffError FORBIDDEN */
  function checkOrigin(request: FastifyRequest): void {
    const { origin } = request.headers;
    const isAllowed =
      origin === undefined || corsOrigins.includes(origin) || resource.isOwnPage(origin, request);
    if (!isAllowed) throw new BffError('FORBIDDEN', 'Pages of this origin may not use the tools.');
  }

  async function run(
    { operation, variables }: OperationTool,
    given: Readonly<Record<string, unknown>>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<OperationResponse> {
    const input = {
      query: undefined,
      id: operation.hash,
      operationName: undefined,
      variables: readArguments(given, variables),
    };
    return pipeline.run(readRequest(input, GRAPHQL, request, reply));
  }

  /** Authenticates and charges a request that calls no tool. @throws BffError; may also reject with it */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { rateLimit } = await pipeline.admitRequest(toClient(request, reply), ACCESS);
    reply.headers({ ...rateLimit });
  }

  /** The error for a client that another token would help; undefined for a result of its model. */
  async function tokenErrorOf(response: OperationResponse, { headers }: FastifyRequest) {
    const found = findTokenError(response);
    if (!found) return undefined;
    const { message, missingScopes } = found;
    if (missingScopes.length === 0) return unauthenticated(message);
    const viewer = await parts.recheckViewer(headers);
    // API keys have no issuer.
    if (viewer.role === 'anonymous' || viewer.role === 'partner') return undefined;
    const challenge = resource.challengeForScopes(viewer, missingScopes);
    return new BffError('FORBIDDEN', message, { headers: { 'www-authenticate': challenge } });
  }

  /** Errors are results, so that a model can read them; but a client, not its model, gets tokens. */
  function toFailure(error: BffError, request: FastifyRequest, reply: FastifyReply) {
    chargeRefusal(error, request, reply);
    return toErrorResult(toRefusal(error, request, reply), request.id);
  }

  function createToolServer(
    request: FastifyRequest,
    reply: FastifyReply,
    ended: (call: Call) => void,
  ) {
    const server = new Server(
      { name: `frontdesk-${parts.name}`, version: '1' },
      {
        capabilities: { tools: {} },
        cacheHints: { 'tools/list': { ttlMs: LIST_MAX_AGE_MS, cacheScope: 'public' } },
      },
    );
    server.setRequestHandler('tools/list', () => ({ tools: [...listed] }));
    server.setRequestHandler(TOOL_CALL, async ({ params }) => {
      const tool = tools.get(params.name);
      if (!tool) throw new ProtocolError(INVALID_PARAMS, 'There is no such tool.');
      try {
        const response = await run(tool, params.arguments ?? {}, request, reply);
        const refusal = await tokenErrorOf(response, request);
        ended(refusal ? { refusal } : { response });
        return toToolResult(response);
      } catch (error) {
        const isUnauthenticated = error instanceof BffError && error.code === 'UNAUTHENTICATED';
        ended(isUnauthenticated ? { refusal: error } : {});
        if (isUnauthenticated) throw error;
        return toFailure(error as BffError, request, reply);
      }
    });
    return server;
  }

  return async (request: FastifyRequest, reply: FastifyReply) => {
    checkOrigin(request);
    const { body } = request;
    if (Array.isArray(body)) throw new BffError('BAD_REQUEST', 'Send one message per request.');
    const isCall = methodOf(body) === TOOL_CALL;
    if (!isCall) await admit(request, reply);
    let call: Call | undefined;
    const protocol = createMcpHandler(
      () =>
        createToolServer(request, reply, (ended) => {
          call = ended;
        }),
      // Nothing changes while the server runs, so there is nothing to subscribe to.
      { maxSubscriptions: 0, keepAliveMs: 0 },
    );
    const answer = await protocol.fetch(toWebRequest(request), { parsedBody: body });
    // Earlier revisions get an event stream, with the result as its only event.
    const text = await answer.text();
    const { refusal, response } = (call ?? {}) as Call;
    if (refusal) throw refusal;
    // Not a call after all: there is no such tool, or the message is malformed.
    if (isCall && !call) await admit(request, reply);
    const type = answer.headers.get('content-type') ?? undefined;
    reply.code(answer.status);
    if (response && type) return send.unshared(reply, text, response, type);
    if (type) reply.type(type);
    return reply
      .headers({ ...NO_STORE, 'cache-status': cacheStatusHeader('bypass') })
      .send(text || undefined);
  };
}

const toWebRequest = ({ headers }: FastifyRequest): Request =>
  new Request(`http://localhost${MCP_PATH}`, {
    method: 'POST',
    headers: PROTOCOL_HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as [string, string]] : [];
    }),
  });

const methodOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'method' in body ? body.method : undefined;
