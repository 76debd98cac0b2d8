import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import type { BffDefinition } from '../../src/bff.ts';
import { BffError, ERROR_CODES, type ErrorCode } from '../../src/errors.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import type { BffServer } from '../../src/server/create-server.ts';

// What a client requests by headers: how long a response takes, and which fields or the whole request fail.

const LATENCY = 'mock-latency-ms';
const ERRORS = 'mock-error';
export const FAULT_HEADERS = [LATENCY, ERRORS];
const MAX_LATENCY_MS = 60_000;
const MESSAGE = 'This error was requested by Mock-Error.';

/** The codes of fields that fail, by `Type.field`. */
type FieldErrors = ReadonlyMap<string, ErrorCode>;
type Resolve = GraphQLFieldResolver<unknown, unknown>;

const requested = new AsyncLocalStorage<FieldErrors>();

/** Lets the fields of a BFF fail if the request says so. Rules that refuse a viewer come first. */
export function withFieldErrors(bff: BffDefinition): BffDefinition {
  const modules = [...bff.domains, bff].flatMap(({ resolvers }) => resolvers);
  const declaredIn = (type: string, field: string): unknown =>
    modules
      .map((resolvers) => (resolvers as Record<string, Record<string, unknown>>)[type]?.[field])
      .findLast((resolver) => resolver !== undefined);
  const types = Object.values(buildSchema(bff).getTypeMap()).filter(
    (type) => isObjectType(type) && !type.name.startsWith('__'),
  );
  const failing = types
    .filter(isObjectType)
    .map((type) => [
      type.name,
      Object.fromEntries(
        Object.keys(type.getFields()).map((field) => [
          field,
          failIfRequested(`${type.name}.${field}`, declaredIn(type.name, field)),
        ]),
      ),
    ]);
  return { ...bff, resolvers: [bff.resolvers, Object.fromEntries(failing)].flat() };
}

/**
 * A subscription fails when it is opened.
 * @param declared - a resolver, an object with `resolve` or `subscribe`, or undefined for the default one
 */
function failIfRequested(coordinate: string, declared: unknown) {
  if (typeof declared !== 'object' || declared === null) {
    return failingResolver(coordinate, (declared as Resolve | undefined) ?? defaultFieldResolver);
  }
  const resolvers = Object.entries(declared as Record<string, Resolve>);
  const failing = 'subscribe' in declared ? 'subscribe' : 'resolve';
  return Object.fromEntries(
    resolvers.map(([name, resolve]) => [
      name,
      name === failing ? failingResolver(coordinate, resolve) : resolve,
    ]),
  );
}

const failingResolver =
  (coordinate: string, resolve: Resolve): Resolve =>
  (...args) => {
    const code = requested.getStore()?.get(coordinate);
    if (code) throw new BffError(code, MESSAGE);
    return resolve(...args);
  };

/** Adds the headers to the requests of a BFF. A request with a wrong one is a 400. */
export function addRequestedFaults(app: BffServer['app'], schema: GraphQLSchema): void {
  // After the body has been read: its events do not belong to the request's asynchronous context.
  app.addHook('preHandler', (request, _reply, done) => {
    const { headers } = request;
    try {
      refuseUnknown(Object.keys(headers));
      const latencyMs = parseLatency(headers[LATENCY]);
      const { refusal, fields } = parseErrors(headers[ERRORS], schema);
      // Neither stored nor shared with requests that do not ask for errors.
      if (fields.size > 0) headers['cache-control'] = 'no-store';
      const answer = refusal ? () => done(refusedWith(refusal)) : () => requested.run(fields, done);
      void sleep(latencyMs).then(answer);
    } catch (error) {
      done(error as Error);
    }
  });
}

type Header = string | string[] | undefined;

function refuseUnknown(names: readonly string[]): void {
  const unknown = names.find(
    (name) => name.startsWith('mock-') && name !== LATENCY && name !== ERRORS,
  );
  if (unknown)
    throw badHeader(`There is no header ${unknown}: send Mock-Latency-Ms or Mock-Error.`);
}

function parseLatency(header: Header): number {
  if (header === undefined) return 0;
  const ms = Number(header);
  if (header !== '' && Number.isInteger(ms) && ms >= 0 && ms <= MAX_LATENCY_MS) return ms;
  throw badHeader(`Mock-Latency-Ms must be a number of milliseconds, 0 to ${MAX_LATENCY_MS}.`);
}

interface RequestedErrors {
  /** The code with which the whole request fails. */
  readonly refusal: ErrorCode | undefined;
  readonly fields: FieldErrors;
}

/** @param header - such as `RATE_LIMITED`, or `Dashboard.orders=UPSTREAM_TIMEOUT, Query.node=NOT_FOUND` */
function parseErrors(header: Header, schema: GraphQLSchema): RequestedErrors {
  const texts = [header ?? []].flat().flatMap((text) => text.split(','));
  const entries = texts.map((text) => text.trim());
  return {
    refusal: entries.map(findCode).find((code) => code !== undefined),
    fields: new Map(
      entries.filter((entry) => !findCode(entry)).map((entry) => parseError(entry, schema)),
    ),
  };
}

const findCode = (text: string): ErrorCode | undefined =>
  ERROR_CODES.find((known) => known === text);

/** The error of a request that fails as a whole, with the status of its code. */
function refusedWith(code: ErrorCode): BffError {
  const isTemporary = code === 'RATE_LIMITED' || code === 'OVERLOADED';
  return new BffError(code, MESSAGE, isTemporary ? { headers: { 'Retry-After': '1' } } : {});
}

function parseError(entry: string, schema: GraphQLSchema): [string, ErrorCode] {
  const [, typeName = '', fieldName = '', text] = /^(\w+)\.(\w+)=(\w+)$/.exec(entry) ?? [];
  if (text === undefined) {
    throw badHeader(
      `Mock-Error must be Type.field=CODE, several of these separated by commas, or the CODE of the whole request, not "${entry}".`,
    );
  }
  const type = schema.getType(typeName);
  if (!isObjectType(type) || !type.getFields()[fieldName]) {
    throw badHeader(`Mock-Error: the schema has no field ${typeName}.${fieldName}.`);
  }
  const code = findCode(text);
  if (!code)
    throw badHeader(`Mock-Error: "${text}" is no code. Send one of ${ERROR_CODES.join(', ')}.`);
  return [`${typeName}.${fieldName}`, code];
}

const badHeader = (message: string): BffError => new BffError('BAD_REQUEST', message);
