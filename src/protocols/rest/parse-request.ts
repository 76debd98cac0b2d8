import type { FastifyRequest } from 'fastify';
import { type GraphQLInputType, getNullableType, isListType, isSpecifiedScalarType } from 'graphql';
import { pathNotFound } from '../../http/error-handler.ts';
import type { OperationInput } from '../../pipeline/index.ts';
import { IDEMPOTENCY_FIELD, type OperationVariable } from '../operation-variables.ts';
import { createUrlCache, searchOf } from '../url-cache.ts';
import {
  faultIn,
  faultsInMembers,
  MAX_FAULTS,
  MAX_NAME_LENGTH,
  REQUIRED,
  type ValueFault,
} from '../value-fault.ts';
import { ParameterError, type ParameterFault, toPointer } from './parameter-error.ts';
import { itemTypeOf, type RestBody } from './route-inputs.ts';
import type { RestRoute } from './routes.ts';

export const IDEMPOTENCY_HEADER = 'Idempotency-Key';
const NUMBER = /^-?\d+(?:\.\d+)?$/;
/** A string of Structured Field Values (RFC 9651 §3.3.3). */
const QUOTED = /^"([^"\\]*)"$/;

type Variables = Record<string, unknown>;

/**
 * Creates the parser of a route's requests: the variables of its operation, from path, query and body.
 * As in GraphQL, the same URL of a GET gives the same object.
 */
export function createRestParser({ method, operation, inputs }: RestRoute) {
  const known = createUrlCache();
  const isRead = method === 'GET';

  function parse({ url, params, body, headers }: FastifyRequest): OperationInput {
    const faults: ParameterFault[] = [];
    const variables: Variables = {
      ...readPath(params as Record<string, string>, inputs.path, faults),
      ...readQuery(new URLSearchParams(searchOf(url)), inputs.query, faults),
      ...readBody(withKey(body, headers['idempotency-key'], inputs, faults), inputs.body, faults),
    };
    if (faults.length > 0) throw new ParameterError(faults.slice(0, MAX_FAULTS));
    return { query: undefined, id: operation.hash, operationName: undefined, variables };
  }

  /** @throws ParameterError */
  return (request: FastifyRequest): OperationInput => {
    if (!isRead) return parse(request);
    const found = known.get(request.url);
    if (found) return found;
    const input = parse(request);
    known.add(request.url, input);
    return input;
  };
}

function readPath(
  given: Readonly<Record<string, string>>,
  parameters: readonly OperationVariable[],
  faults: ParameterFault[],
): Variables {
  return toVariables(parameters, ({ name, type }) => {
    const text = given[name] ?? '';
    if (text === '')
      throw pathNotFound('There is nothing here: the path ends with a slash, or has two.');
    const value = fromText(text, type);
    const fault = faultIn(value, type);
    if (fault) faults.push({ parameter: name, detail: fault.detail });
    return value;
  });
}

function readQuery(
  given: URLSearchParams,
  parameters: readonly OperationVariable[],
  faults: ParameterFault[],
): Variables {
  const names = new Set(parameters.map(({ name }) => name));
  for (const name of new Set(given.keys())) {
    if (names.has(name)) continue;
    faults.push({
      parameter: name.slice(0, MAX_NAME_LENGTH),
      detail: 'There is no such parameter.',
    });
  }
  return toVariables(parameters, ({ name, type, isRequired }) => {
    const texts = given.getAll(name);
    if (texts.length === 0) {
      if (isRequired) faults.push({ parameter: name, detail: REQUIRED });
      return undefined;
    }
    const isList = isListType(getNullableType(type));
    if (texts.length > 1 && !isList) {
      faults.push({ parameter: name, detail: 'May be given once.' });
      return undefined;
    }
    const values = texts.map((text) => fromText(text, itemTypeOf(type)));
    const value = isList ? values : values[0];
    const fault = faultIn(value, type);
    if (fault) faults.push({ parameter: name, detail: fault.detail });
    return value;
  });
}

/** Puts the header with the idempotency key into the body, where the operation has it. */
function withKey(
  body: unknown,
  header: string | string[] | undefined,
  { hasIdempotencyKey }: RestRoute['inputs'],
  faults: ParameterFault[],
): unknown {
  if (!hasIdempotencyKey || !isRecord(body)) return body;
  if (Object.hasOwn(body, IDEMPOTENCY_FIELD)) {
    const detail = `Send it as the header ${IDEMPOTENCY_HEADER}.`;
    faults.push({ pointer: toPointer([IDEMPOTENCY_FIELD]), detail });
    return body;
  }
  if (typeof header !== 'string') {
    faults.push({ parameter: IDEMPOTENCY_HEADER, detail: REQUIRED });
    // Any key, so that the rest of the body is checked, too.
    return { ...body, [IDEMPOTENCY_FIELD]: '' };
  }
  return { ...body, [IDEMPOTENCY_FIELD]: QUOTED.exec(header)?.[1] ?? header };
}

function readBody(given: unknown, body: RestBody | undefined, faults: ParameterFault[]): Variables {
  if (!body) {
    const isEmpty = given === undefined || (isRecord(given) && Object.keys(given).length === 0);
    if (!isEmpty) faults.push({ pointer: '#', detail: 'This request takes no body.' });
    return {};
  }
  if (!isRecord(given)) {
    faults.push({ pointer: '#', detail: 'The body must be a JSON object.' });
    return {};
  }
  if (body.kind === 'value') {
    const { name, type } = body.variable;
    const fault = faultIn(given, type);
    if (fault) faults.push(inBody(fault));
    return { [name]: given };
  }
  const found = faultsInMembers(given, body.variables, 'There is no such member.');
  faults.push(...found.map(inBody));
  return given;
}

const inBody = ({ path, detail }: ValueFault): ParameterFault => ({
  pointer: toPointer(path),
  detail,
});

/** @returns an object without the variables that have no value */
const toVariables = (
  parameters: readonly OperationVariable[],
  read: (parameter: OperationVariable) => unknown,
): Variables =>
  Object.fromEntries(
    parameters
      .map((parameter) => [parameter.name, read(parameter)] as const)
      .filter(([, value]) => value !== undefined),
  );

/** A value of the type, or the text itself if it is none: then the type's own message says so. */
function fromText(text: string, type: GraphQLInputType): unknown {
  const nullable = getNullableType(type);
  if (!isSpecifiedScalarType(nullable as never)) return text;
  const { name } = nullable as { readonly name: string };
  if ((name === 'Int' || name === 'Float') && NUMBER.test(text)) return Number(text);
  if (name === 'Boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
