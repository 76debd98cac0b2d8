import { type GraphQLSchema, getNullableType, isListType } from 'graphql';
import type { BffDefinition } from '../../bff.ts';
import {
  createSchemaWriter,
  defaultOf,
  type JsonSchema,
  type SchemaWriter,
} from '../json-schema.ts';
import { IDEMPOTENCY_FIELD, type OperationVariable } from '../operation-variables.ts';
import { createSelectionReader } from '../selected-fields.ts';
import {
  HEADERS,
  MISSING_PARTS,
  RESPONSES,
  SCHEMAS,
  securitySchemes,
} from './openapi-components.ts';
import { IDEMPOTENCY_HEADER } from './parse-request.ts';
import type { RestBody } from './route-inputs.ts';
import type { RestRoute } from './routes.ts';

export interface ApiDescription {
  readonly bff: Pick<BffDefinition, 'name' | 'credentials'>;
  readonly schema: GraphQLSchema;
  readonly routes: readonly RestRoute[];
  /** True if the rule of a root field allows everyone. */
  readonly isPublic: (type: string, field: string) => boolean;
}

type OpenApiObject = Readonly<Record<string, unknown>>;

/** A segment such as v1. */
const VERSION = /^v\d+$/;

/**
 * Describes the endpoints of a BFF (OpenAPI 3.1). It has what the committed operations select, and no
 * other part of the schema.
 */
export function describeApi(api: ApiDescription): OpenApiObject {
  const { bff, routes } = api;
  const schemas = createSchemaWriter(
    (name) => `#/components/schemas/${name}`,
    new Set([IDEMPOTENCY_FIELD]),
  );
  const paths = Object.fromEntries(
    [...Map.groupBy(routes, ({ path }) => path)]
      .sort()
      .map(([path, group]) => [
        path,
        Object.fromEntries(
          group.map((route) => [
            route.method.toLowerCase(),
            describeOperation(api, route, schemas),
          ]),
        ),
      ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: `Frontdesk: ${bff.name}`,
      version: '1',
      description: `The REST endpoints of the ${bff.name} API. Every error is a problem document (RFC 9457) with a \`code\` of a closed list. A request may have an \`X-Request-Id\`, which the response repeats.`,
      contact: { name: `The team of the ${bff.name} API` },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server of this document.' }],
    tags: tagsOf(routes),
    security: securityOf(bff),
    paths,
    components: {
      schemas: { ...SCHEMAS, ...Object.fromEntries([...schemas.named].sort()) },
      headers: HEADERS,
      responses: RESPONSES,
      securitySchemes: securitySchemes(bff.credentials),
    },
  };
}

function describeOperation(
  api: ApiDescription,
  route: RestRoute,
  schemas: SchemaWriter,
): OpenApiObject {
  const { operation, method, inputs } = route;
  const { fields, body } = describeBody(api, route, schemas);
  const [first] = fields.values();
  const about = first?.definition.description ?? '';
  const isPublic = [...fields.values()].every(({ definition }) =>
    api.isPublic(method === 'GET' ? 'Query' : 'Mutation', definition.name),
  );
  const parameters = [
    ...inputs.path.map((parameter) => describeParameter('path', parameter, schemas)),
    ...inputs.query.map((parameter) => describeParameter('query', parameter, schemas)),
    ...(inputs.hasIdempotencyKey ? [describeKey(inputs.body)] : []),
  ];
  return {
    operationId: operation.name.charAt(0).toLowerCase() + operation.name.slice(1),
    summary: operation.description || firstSentence(about),
    ...(about && { description: about }),
    tags: [tagOf(route)],
    ...(isPublic && { security: [{}, ...securityOf(api.bff)] }),
    ...(parameters.length > 0 && { parameters }),
    ...(inputs.body && { requestBody: describeRequestBody(inputs.body, schemas) }),
    responses: {
      200: {
        description: 'The result. What is missing because of an error is listed in `errors`.',
        headers: headersOf(method),
        content: { 'application/json': { schema: body } },
      },
      ...(method === 'GET' && { 304: { $ref: '#/components/responses/NotModified' } }),
      400: { $ref: '#/components/responses/BadRequest' },
      401: { $ref: '#/components/responses/Unauthorized' },
      403: { $ref: '#/components/responses/Forbidden' },
      ...(route.root !== undefined && { 404: { $ref: '#/components/responses/NotFound' } }),
      429: { $ref: '#/components/responses/TooManyRequests' },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

/** The root fields, and the body that their result is sent in. */
function describeBody({ schema }: ApiDescription, route: RestRoute, schemas: SchemaWriter) {
  const { operation, definition, root } = route;
  const read = createSelectionReader(schema, operation.document);
  const type = schema.getRootType(definition.operation);
  if (!type) throw new Error(`${operation.name}: the schema has no ${definition.operation}`);
  const fields = read(type, [definition.selectionSet]);
  const { properties, required, ...whole } = schemas.ofObject(type, fields, read);
  const inner = root === undefined ? undefined : (properties as Record<string, JsonSchema>)[root];
  // A body is never null: then the response is a 404.
  const body = inner ? { ...inner, type: 'object' } : { ...whole, properties, required };
  return { fields, body: withErrors(body) };
}

const withErrors = (body: JsonSchema): JsonSchema => ({
  ...body,
  properties: { ...(body.properties as JsonSchema), errors: MISSING_PARTS },
});

function describeParameter(
  place: 'path' | 'query',
  { name, type, isRequired, defaultValue, description }: OperationVariable,
  schemas: SchemaWriter,
): OpenApiObject {
  const isList = isListType(getNullableType(type));
  return {
    name,
    in: place,
    ...(description && { description }),
    ...((isRequired || place === 'path') && { required: true }),
    ...(isList && { style: 'form', explode: true }),
    // An absent parameter is null; there is no text for it.
    schema: { ...schemas.ofNonNullInput(type), ...defaultOf(defaultValue, type) },
  };
}

function describeKey(body: RestBody | undefined): OpenApiObject {
  const field = body?.kind === 'value' ? body.type.getFields()[IDEMPOTENCY_FIELD] : undefined;
  return {
    name: IDEMPOTENCY_HEADER,
    in: 'header',
    ...(field?.description && { description: field.description }),
    required: true,
    schema: { type: 'string' },
  };
}

function describeRequestBody(body: RestBody, schemas: SchemaWriter): OpenApiObject {
  const schema =
    body.kind === 'value' ? schemas.ofNonNullInput(body.type) : schemas.ofVariables(body.variables);
  const description = body.kind === 'value' ? body.variable.description : undefined;
  return {
    ...(description && { description }),
    required: true,
    content: { 'application/json': { schema } },
  };
}

const headersOf = (method: RestRoute['method']): OpenApiObject =>
  Object.fromEntries(
    Object.keys(HEADERS)
      .filter((name) => name !== 'ETag' || method === 'GET')
      .map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );

const securityOf = ({ credentials }: ApiDescription['bff']): OpenApiObject[] =>
  Object.keys(securitySchemes(credentials)).map((name) => ({ [name]: [] }));

function tagsOf(routes: readonly RestRoute[]): OpenApiObject[] {
  const groups = [...Map.groupBy(routes, tagOf)].sort();
  return groups.map(([name, [first]]) => {
    const path = first?.path ?? '';
    const start = path.slice(0, path.indexOf(name) + name.length);
    return { name, description: `${start}, and what is below it.` };
  });
}

/** The first part of the path that names something. */
const tagOf = ({ path }: RestRoute): string =>
  path.split('/').find((part) => part !== '' && !VERSION.test(part)) ?? '';

const firstSentence = (text: string): string => /^.*?[.](?=\s|$)/s.exec(text)?.[0] ?? text;
