import { hash } from 'node:crypto';
import {
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { CURRENCIES } from '../../services/order/catalogue.ts';
import { BASE_TIME_MS, DAY_MS } from '../../services/support/cast.ts';
import { createRandom, type Random } from '../../services/support/random.ts';
import { CULTURES } from '../../services/user/names.ts';

/** What a value is for: the same subject has the same value in every BFF and after every start. */
interface Subject {
  /** The object, such as `User:42`. */
  readonly object: string;
  readonly field: string;
}

export type Values = ReturnType<typeof createValues>;

const MAX_ITEMS = 3;
const YEAR_DAYS = 365;
const WORDS = 'blue calm early fresh good local new quiet small soft warm wide'.split(' ');
const THINGS = 'basket blanket cup garden kitchen lamp letter morning parcel shop table'.split(' ');

/**
 * Creates the values of mocked objects. Each depends on the seed, the object and the field alone, not on the
 * requests before it.
 */
export function createValues(schema: GraphQLSchema, seed: number) {
  const randomFor = ({ object, field }: Subject): Random =>
    createRandom(Number.parseInt(hash('sha1', `${seed}:${object}.${field}`).slice(0, 8), 16));

  /** Name, email address, locale and picture belong together. */
  function personOf(object: string) {
    const random = randomFor({ object, field: 'person' });
    const { locale, given, family, familyFirst = false } = random.pick(CULTURES);
    const names = [random.pick(given), random.pick(family)];
    const id = object.slice(object.indexOf(':') + 1);
    const local = [...names, id].map(toAscii).filter(Boolean).join('.');
    return {
      name: (familyFirst ? names.toReversed() : names).join(' '),
      email: `${local}@mail.example`,
      locale,
      avatarUrl: `https://avatars.mock.example/${encodeURIComponent(id)}.png`,
    };
  }

  const BY_NAME: Readonly<Record<string, (subject: Subject, random: Random) => unknown>> = {
    name: ({ object }) => personOf(object).name,
    email: ({ object }) => personOf(object).email,
    locale: ({ object }) => personOf(object).locale,
    avatarUrl: ({ object }) => personOf(object).avatarUrl,
    currency: (_subject, random) => random.pick(CURRENCIES),
    quantity: (_subject, random) => random.int(1, 5),
  };
  const BY_TYPE: Readonly<Record<string, (random: Random) => unknown>> = {
    Boolean: (random) => random.chance(0.5),
    DateTime: (random) => toTime(random.int(0, 2 * YEAR_DAYS * DAY_MS)),
    Float: (random) => random.int(100, 10_000) / 100,
    ID: (random) => String(random.int(1, 9_999)),
    Int: (random) => random.int(1, 100),
    MinorUnits: (random) => random.int(100, 20_000),
  };

  function valueFor(type: GraphQLOutputType, subject: Subject): unknown {
    if (isNonNullType(type)) return valueFor(type.ofType, subject);
    const random = randomFor(subject);
    const { object, field } = subject;
    if (isListType(type)) {
      const length = random.int(1, MAX_ITEMS);
      return Array.from({ length }, (_item, n) =>
        valueFor(type.ofType, { object, field: `${field}.${n}` }),
      );
    }
    if (isObjectType(type)) return partsOf(type, `${object}.${field}`);
    if (isEnumType(type)) return random.pick(type.getValues()).name;
    const [name = ''] = field.split('.');
    return (
      BY_NAME[name]?.(subject, random) ?? BY_TYPE[getNamedType(type).name]?.(random) ?? text(random)
    );
  }

  /** The fields that belong to an object itself. Others have arguments, or are objects with an id. */
  const partsOf = (type: GraphQLObjectType, object: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.values(type.getFields())
        .filter((field) => field.args.length === 0 && !isEntity(field.type))
        .map((field) => [field.name, valueFor(field.type, { object, field: field.name })]),
    );

  return {
    /** The object of a type of the schema with this id, as a model of the datasources. */
    object<T extends { readonly id: string }>(typeName: string, id: string): T {
      const type = schema.getType(typeName);
      if (!isObjectType(type)) throw new Error(`The schema has no object type ${typeName}`);
      return { ...partsOf(type, `${typeName}:${id}`), id } as unknown as T;
    },
    /** Random numbers for what the schema does not describe. */
    randomFor,
  };
}

/** A time before the newest one, in whole seconds. */
export const toTime = (agoMs: number): string =>
  new Date(BASE_TIME_MS - Math.floor(agoMs / 1_000) * 1_000).toISOString();

function isEntity(type: GraphQLOutputType): boolean {
  const named = getNamedType(type);
  return isObjectType(named) && 'id' in named.getFields();
}

function text(random: Random): string {
  const words = [random.pick(WORDS), random.pick(THINGS)].join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const toAscii = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
