import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Viewer } from './identity.ts';
import { read } from './input.ts';
import { invalid, Refusal } from './refusal.ts';

type Method = 'GET' | 'POST' | 'PATCH';

export type Call<Q, B> = {
  /** The `{id}` of the path, or an empty string. */
  id: string;
  query: Q;
  body: B;
  headers: IncomingHttpHeaders;
  reply: FastifyReply;
};

export type Operation = {
  name: string;
  method: Method;
  path: string;
  /** The query parameter that tells this operation from others on the same path. */
  selector: string | undefined;
  /** Callers need no credential. */
  isOpen: boolean;
  /** Callers say for whom they act. */
  isForOneUser: boolean;
  run: (
    request: FastifyRequest,
    reply: FastifyReply,
    viewer: Viewer | undefined,
  ) => Promise<Outcome>;
};

/** `changed`: tags of what others may keep copies of, and should no longer. */
type Outcome = { answer: unknown; changed: string[] };

/** Values of the query parameters. */
type Query<Q extends z.ZodRawShape> = z.output<z.ZodObject<Q>>;

type Definition<Q extends z.ZodRawShape, B, A> = {
  name: string;
  /** Method and path, as in `GET /users/:id`. */
  on: `${Method} /${string}`;
  selector?: NoInfer<keyof Q & string>;
  query?: Q;
  body?: z.ZodType<B>;
  isOpen?: boolean;
  /** The user in whose name this is done: nobody else may, but for staff where they are named. */
  actsFor?: (call: Call<Query<Q>, B>) => string;
  staffToo?: boolean;
  answer: (call: Call<Query<Q>, B>) => A | Promise<A>;
  /** For a write: tags of what its answer says has changed. */
  changes?: (answer: NoInfer<A>) => string[];
};

// biome-ignore lint/complexity/noBannedTypes: the shape without parameters is meant
export function operation<Q extends z.ZodRawShape = {}, B = undefined, A = unknown>(
  definition: Definition<Q, B, A>,
): Operation {
  const [method, path] = definition.on.split(' ') as [Method, string];
  const querySchema = z.strictObject(definition.query ?? ({} as Q));
  const { body: bodySchema, isOpen = false, actsFor, staffToo = false, changes } = definition;

  return {
    name: definition.name,
    method,
    path,
    selector: definition.selector,
    isOpen,
    isForOneUser: actsFor !== undefined,
    async run(request, reply, viewer) {
      const { id = '' } = request.params as { id?: string };
      const query = read(querySchema, request.query, 400) as Query<Q>;
      const body = (bodySchema ? read(bodySchema, request.body, 422) : undefined) as B;
      const call = { id, query, body, headers: request.headers, reply };
      const mayDoIt = !viewer || !actsFor || (staffToo && viewer.role === 'staff');
      if (!mayDoIt && viewer.userId !== actsFor(call)) throw new Refusal(403, 'viewer_mismatch');
      const answer = await definition.answer(call);
      return { answer, changed: changes?.(answer) ?? [] };
    },
  };
}

/** Exactly one selecting parameter; none means the operation that needs none, if there is one. */
export function select(operations: readonly Operation[], query: unknown): Operation | undefined {
  const given = operations.filter(
    ({ selector }) => selector !== undefined && Object.hasOwn(query as object, selector),
  );
  if (given.length === 0) return operations.find(({ selector }) => selector === undefined);
  return given.length === 1 ? given[0] : undefined;
}

export function noSelection(operations: readonly Operation[], query: unknown) {
  const selectors = operations.flatMap(({ selector }) => selector ?? []);
  const given = selectors.filter((selector) => Object.hasOwn(query as object, selector));
  return given.length === 0
    ? invalid(400, { field: selectors.join('|'), code: 'missing' })
    : invalid(400, ...given.map((field) => ({ field, code: 'ambiguous' })));
}
