import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Viewer } from './authenticator.ts';
import type { ChangeEvent } from './event-publisher.ts';
import { read } from './input.ts';
import { invalid, Problem } from './problem.ts';

type Method = 'GET' | 'POST' | 'PATCH';

export type OperationInput<Q, B> = {
  /** The `{id}` of the path, or an empty string. */
  id: string;
  query: Q;
  body: B;
  headers: IncomingHttpHeaders;
  reply: Reply;
};

/** What operations need of a request and of its reply; over gRPC, the status of a success has no effect. */
type Request = Pick<FastifyRequest, 'params' | 'query' | 'body' | 'headers'>;
type Reply = { code: (status: number) => unknown };

export type Operation = {
  name: string;
  method: Method;
  path: string;
  /** The query parameter that selects this operation among others of the same path. */
  selector: string | undefined;
  /** Callers need no credential. */
  isPublic: boolean;
  /** The gRPC service has no such method. */
  isHttpOnly: boolean;
  /** Callers need an `x-viewer` header. */
  requiresViewer: boolean;
  run: (request: Request, reply: Reply, viewer: Viewer | undefined) => Promise<OperationResult>;
};

type OperationResult = {
  response: unknown;
  /** The tags of cached responses that are outdated now. */
  changedTags: string[];
  event: ChangeEvent | undefined;
};

/** Values of the query parameters. */
type Query<Q extends z.ZodRawShape> = z.output<z.ZodObject<Q>>;

type Definition<Q extends z.ZodRawShape, B, R> = {
  name: string;
  /** Method and path, such as `GET /users/:id`. */
  route: `${Method} /${string}`;
  selector?: NoInfer<keyof Q & string>;
  query?: Q;
  body?: z.ZodType<B>;
  isPublic?: boolean;
  /** The BFFs do not call it, so the gRPC service lacks it. */
  isHttpOnly?: boolean;
  /** The user as whom the caller must act; with `allowsStaff`, staff may act for any user. */
  actingUserId?: (input: OperationInput<Query<Q>, B>) => string;
  allowsStaff?: boolean;
  /**
   * The user whose data the response is, undefined for those of several users. Where the caller acts for a
   * user, this must be the same one or staff.
   */
  ownerId?: (input: OperationInput<Query<Q>, B>) => string | undefined;
  handle: (input: OperationInput<Query<Q>, B>) => R | Promise<R>;
  /** For a write: the tags of cached responses that the result makes outdated. */
  changedTags?: (result: NoInfer<R>) => string[];
  /** For a write: what subscribers may be interested in. */
  event?: (result: NoInfer<R>) => ChangeEvent;
};

// biome-ignore lint/complexity/noBannedTypes: a shape without parameters
export function operation<Q extends z.ZodRawShape = {}, B = undefined, R = unknown>(
  definition: Definition<Q, B, R>,
): Operation {
  const [method, path] = definition.route.split(' ') as [Method, string];
  const querySchema = z.strictObject(definition.query ?? ({} as Q));
  const { body: bodySchema, isPublic = false, actingUserId, allowsStaff = false } = definition;

  return {
    name: definition.name,
    method,
    path,
    selector: definition.selector,
    isPublic,
    isHttpOnly: definition.isHttpOnly ?? false,
    requiresViewer: actingUserId !== undefined,
    async run(request, reply, viewer) {
      const { id = '' } = request.params as { id?: string };
      const query = read(querySchema, request.query, 400) as Query<Q>;
      const body = (bodySchema ? read(bodySchema, request.body, 422) : undefined) as B;
      const input = { id, query, body, headers: request.headers, reply };
      const isAllowed = !viewer || !actingUserId || (allowsStaff && viewer.role === 'staff');
      if (!isAllowed && viewer.userId !== actingUserId(input)) {
        throw new Problem(403, 'viewer_mismatch');
      }
      const isForViewer = !viewer || viewer.role === 'staff' || !definition.ownerId;
      if (!isForViewer && viewer.userId !== definition.ownerId?.(input)) {
        throw new Problem(403, 'viewer_mismatch');
      }
      const response = await definition.handle(input);
      return {
        response,
        changedTags: definition.changedTags?.(response) ?? [],
        event: definition.event?.(response),
      };
    },
  };
}

/** Exactly one selector must be given; without one, the operation that has none is selected. */
export function select(operations: readonly Operation[], query: unknown): Operation | undefined {
  const given = operations.filter(
    ({ selector }) => selector !== undefined && Object.hasOwn(query as object, selector),
  );
  if (given.length === 0) return operations.find(({ selector }) => selector === undefined);
  return given.length === 1 ? given[0] : undefined;
}

export function noSelection(operations: readonly Operation[], query: unknown): Problem {
  const selectors = operations.flatMap(({ selector }) => selector ?? []);
  const given = selectors.filter((selector) => Object.hasOwn(query as object, selector));
  return given.length === 0
    ? invalid(400, { field: selectors.join('|'), code: 'missing' })
    : invalid(400, ...given.map((field) => ({ field, code: 'ambiguous' })));
}
