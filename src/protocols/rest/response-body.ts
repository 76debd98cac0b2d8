import type { GraphQLFormattedError } from 'graphql';
import { type ExecutionResult, type Representation, toJson } from '../../cache/index.ts';
import type { ErrorCode } from '../../errors.ts';
import { toPointer } from './parameter-error.ts';
import type { RestRoute } from './routes.ts';

type Route = Pick<RestRoute, 'root'>;

/** A part of a response that is null because of an error. */
interface MissingPart {
  /** Its place in the body, as a URI fragment (RFC 6901 §6). */
  readonly pointer: string;
  readonly code: ErrorCode;
  readonly detail: string;
}

/** The response bodies of a route. A missing object is stored as `null`. */
export const createRepresentation = (route: Route): Representation => ({
  name: 'rest',
  serialise: ({ data }) => toJson(bodyOf(route, data)),
});

/** The body that a missing object is stored as. */
export const MISSING = toJson(null);

/**
 * The body of a result with data: the object of the root field, or an object with all root fields. The
 * parts that are missing because of errors are in the member `errors`.
 * @returns undefined if there is nothing but errors, or nothing at all
 */
export function toResponseBody(route: Route, { data, errors = [] }: ExecutionResult) {
  const body = bodyOf(route, data);
  if (!body) return undefined;
  if (errors.length === 0) return body;
  const isEmpty = route.root === undefined && Object.values(body).every((value) => value === null);
  return isEmpty ? undefined : { ...body, errors: errors.map((error) => toPart(route, error)) };
}

function bodyOf({ root }: Route, data: unknown): object | null | undefined {
  return (root === undefined ? data : (data as Record<string, unknown> | null)?.[root]) as object;
}

function toPart({ root }: Route, { message, path = [], extensions }: GraphQLFormattedError) {
  const place = root === undefined ? path : path.slice(1);
  return {
    pointer: toPointer(place),
    code: extensions?.code as ErrorCode,
    detail: message,
  } satisfies MissingPart;
}
