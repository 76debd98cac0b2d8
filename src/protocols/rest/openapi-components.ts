import type { BffDefinition } from '../../bff.ts';
import type { JsonSchema } from '../json-schema.ts';

// What the OpenAPI documents of all BFFs have in common.

const PROBLEM = { $ref: '#/components/schemas/Problem' };

export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Problem: {
    description: 'An error (RFC 9457).',
    type: 'object',
    properties: {
      type: { type: 'string', description: '`about:blank`: see `code`.' },
      title: { type: 'string', description: 'The phrase of the status.' },
      status: { type: 'integer', description: 'The HTTP status.' },
      detail: { type: 'string', description: 'One sentence that says what is wrong.' },
      code: { type: 'string', description: 'The reason, for programs. One of a closed list.' },
      requestId: { type: 'string', description: 'Name it when you report the error.' },
      errors: {
        description: 'The parameters that are missing, unknown or of the wrong type.',
        type: 'array',
        items: { $ref: '#/components/schemas/ParameterFault' },
      },
    },
    required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  },
  ParameterFault: {
    description: 'What is wrong with one part of a request.',
    type: 'object',
    properties: {
      parameter: { type: 'string', description: 'The parameter, or the header.' },
      pointer: {
        type: 'string',
        description: 'The place in the body, as a JSON pointer such as `#/items/0/quantity`.',
      },
      detail: { type: 'string', description: 'What is wrong with it.' },
    },
    required: ['detail'],
  },
  MissingPart: {
    description: 'A part of the response that is null because of an error.',
    type: 'object',
    properties: {
      pointer: {
        type: 'string',
        description: 'Its place in the response, as a JSON pointer such as `#/orders/0/customer`.',
      },
      code: { type: 'string', description: 'The reason, for programs.' },
      detail: { type: 'string', description: 'One sentence for people.' },
    },
    required: ['pointer', 'code', 'detail'],
  },
};

/** The member that every response may have. */
export const MISSING_PARTS: JsonSchema = {
  description: 'The parts that are missing because of an error; absent if there are none.',
  type: 'array',
  items: { $ref: '#/components/schemas/MissingPart' },
};

const header = (description: string) => ({ description, schema: { type: 'string' } });

export const HEADERS = {
  ETag: header('The version of the response, for `If-None-Match`.'),
  RateLimit: header('What is left of each rate limit. Public responses do not have it.'),
  'RateLimit-Policy': header('The rate limits. Public responses do not have it.'),
  'X-Request-Id': header('The id of the request.'),
};

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: PROBLEM } },
});

export const RESPONSES = {
  NotModified: { description: 'The copy of `If-None-Match` is current.' },
  BadRequest: problem('A parameter is missing, unknown or of the wrong type.'),
  Unauthorized: problem('There is no credential, or it is not valid.'),
  Forbidden: problem('The credential does not allow this.'),
  NotFound: problem('There is no such object, or it belongs to somebody else.'),
  TooManyRequests: {
    ...problem('The rate limit is used up.'),
    headers: { 'Retry-After': header('The time to wait, in seconds.') },
  },
  Problem: problem('Any other error. 503 and 504: a service is unavailable; retry later.'),
};

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'A token that the issuer has signed.',
};
const API_KEY = {
  type: 'apiKey',
  in: 'header',
  name: 'X-API-Key',
  description: 'The key of a server.',
};

/** Sessions in cookies are for the pages of the BFF's own client, which use GraphQL. */
export const securitySchemes = (credentials: BffDefinition['credentials']) => ({
  bearer: BEARER,
  ...(credentials.includes('key') && { apiKey: API_KEY }),
});
