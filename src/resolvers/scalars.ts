import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { isCanonicalDateTime } from '../date-time.ts';

// RFC 3339 §5.6, in UTC.
const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

function dateTime(value: unknown): string {
  // The form in which datasources return it.
  if (isCanonicalDateTime(value)) return value;
  if (typeof value === 'string' && UTC.test(value) && !Number.isNaN(Date.parse(value)))
    return value;
  throw new GraphQLError('A DateTime is ISO 8601 in UTC, such as 2026-01-31T09:30:00.000Z.');
}

function minorUnits(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new GraphQLError('MinorUnits is a whole number up to 2^53 - 1.');
}

export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'A moment in UTC, as ISO 8601: 2026-01-31T09:30:00.000Z.',
  extensions: { jsonSchema: { type: 'string', format: 'date-time' } },
  serialize: dateTime,
  parseValue: dateTime,
  parseLiteral: (node) => dateTime(node.kind === Kind.STRING ? node.value : undefined),
});

export const MinorUnits = new GraphQLScalarType<number, number>({
  name: 'MinorUnits',
  description: "A whole number of a currency's smallest unit (cents, pence, yen), up to 2^53 - 1.",
  extensions: { jsonSchema: { type: 'integer', format: 'int64' } },
  serialize: minorUnits,
  parseValue: minorUnits,
  parseLiteral: (node) => minorUnits(node.kind === Kind.INT ? Number(node.value) : undefined),
});
