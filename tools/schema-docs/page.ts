import {
  astFromValue,
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
  print,
} from 'graphql';
import { audienceOf } from '../../src/auth/rules.ts';
import { fieldRules, mergeTrees } from '../../src/auth/shield.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { createHintReader } from '../../src/cache/hints.ts';
import { createCostDirectives } from '../../src/operations/limits/cost-directives.ts';

type Field = GraphQLField<unknown, unknown>;
type Described = { readonly description?: string | null | undefined };
type Deprecatable = { readonly deprecationReason?: string | null | undefined };

/** Without `@listSize`, the assumed length of a list. */
const DEFAULT_LENGTH = 10;

const LEGEND = `- **Who**: empty if all viewers of the parent may see the field. Scopes are for third-party clients and partners; our own clients need none ([rights](../rights.md)).
- **Cost**: of each object that the field returns, times the length of its list: the value of an argument, or an assumed length ([cost](../limits.md#cost)). Nothing if the field costs nothing.
- **Cache**: the longest time for which a response with the field is stored. The shortest time of all fields applies, and a field without one has that of its parent. A response is shared only as far as all of its fields allow ([response cache](../caching.md)).`;

/** Describes a BFF's schema for people who use it: what clients can request, and what it takes. */
export function describeSchema(bff: BffDefinition, schema: GraphQLSchema): string {
  const costs = createCostDirectives(schema);
  const hintOf = createHintReader(schema);
  const trees = [...bff.domains, bff].map(({ permissions }) => permissions);
  const rules = new Map(
    fieldRules(schema, mergeTrees(trees)).map(([type, field, rule]) => [`${type}.${field}`, rule]),
  );
  const roots = [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ].filter((type) => type != null);
  const types = reachableTypes(roots).filter((type) => !roots.includes(type as GraphQLObjectType));

  function whoOf(type: GraphQLNamedType, field: Field): string {
    const rule = rules.get(`${type.name}.${field.name}`);
    if (!rule) return '';
    const audience = audienceOf(rule);
    if (!audience) throw new Error(`${type.name}.${field.name}: the rule must say whom it allows`);
    const { viewers, scopes } = audience;
    if (scopes === undefined) return viewers;
    const needs = scopes.length === 0 ? 'no third-party clients' : scopes.map(code).join(' or ');
    return [viewers, needs].filter(Boolean).join('; ');
  }

  function costOf(parent: GraphQLNamedType, field: Field): string {
    const returned = getNamedType(field.type);
    const each = isCompositeType(returned) ? costs.objectWeightOf(returned) : 0;
    const own = costs.weightOf(field);
    const length = lengthOf(parent, field);
    const objects = each > 0 ? [length ? `${each} × ${length}` : String(each)] : [];
    return [...(own > 0 ? [String(own)] : []), ...objects].join(' + ');
  }

  function lengthOf(parent: GraphQLNamedType, field: Field): string | undefined {
    const hint = costs.sizeOf(field);
    if (hint && !hint.sizedFields) {
      const { slicingArguments = [], assumedSize = DEFAULT_LENGTH } = hint;
      return slicingArguments.map(code).join(' or ') || String(assumedSize);
    }
    if (!isList(field.type)) return undefined;
    return setsLength(parent, field.name)
      ? 'the length that its parent requests'
      : String(DEFAULT_LENGTH);
  }

  /** True if fields that return this type set the length of the field. */
  const setsLength = (type: GraphQLNamedType, name: string): boolean =>
    [...roots, ...types]
      .filter(hasFields)
      .some((owner) =>
        Object.values(owner.getFields()).some(
          (field) =>
            getNamedType(field.type) === type && costs.sizeOf(field)?.sizedFields?.includes(name),
        ),
      );

  function cacheOf(type: GraphQLNamedType, field: Field): string {
    const isRoot = roots.includes(type as GraphQLObjectType);
    if (isRoot && type !== schema.getQueryType()) return '';
    const { maxAge, scope } = hintOf(field, isRoot);
    const age = maxAge === undefined ? [] : [maxAge === 0 ? 'not stored' : `${maxAge} s`];
    const isStored = isRoot && maxAge !== 0;
    const sharing = isStored || scope === 'PRIVATE' ? [sharingOf(type, field, scope)] : [];
    return [...age, ...sharing].join(', ');
  }

  function sharingOf(
    type: GraphQLNamedType,
    field: Field,
    scope: 'PUBLIC' | 'PRIVATE' | undefined,
  ) {
    if (scope !== 'PUBLIC') return 'for each viewer';
    const rule = rules.get(`${type.name}.${field.name}`);
    return rule && audienceOf(rule)?.viewers === 'everyone'
      ? 'shared by all'
      : 'shared by the same rights';
  }

  const fieldsOf = (type: GraphQLObjectType | GraphQLInterfaceType): string =>
    table(
      ['field', '', 'who', 'cost', 'cache'],
      Object.values(type.getFields()).map((field) => [
        `${code(field.name)}: ${typeLink(field.type)}`,
        [textOf(field), ...field.args.map(argumentOf)].join('<br>'),
        whoOf(type, field),
        costOf(type, field),
        cacheOf(type, field),
      ]),
    );

  const section = (type: GraphQLNamedType): string =>
    [
      `### ${type.name}`,
      type.description,
      isObjectType(type) && type.getInterfaces().length > 0
        ? `Implements ${type.getInterfaces().map(typeLink).join(', ')}.`
        : undefined,
      hasFields(type) ? fieldsOf(type) : undefined,
      isUnionType(type) ? `One of ${type.getTypes().map(typeLink).join(', ')}.` : undefined,
      isInputObjectType(type) ? inputsOf(type) : undefined,
      isEnumType(type) ? valuesOf(type) : undefined,
    ]
      .filter((part) => part != null)
      .join('\n\n');

  const chapters: [title: string, types: readonly GraphQLNamedType[]][] = [
    ['Operations', roots],
    ['Objects', types.filter(isObjectType)],
    ['Interfaces and unions', types.filter((type) => isInterfaceType(type) || isUnionType(type))],
    ['Inputs', types.filter(isInputObjectType)],
    ['Enumerations', types.filter(isEnumType)],
    [
      'Scalars',
      types.filter(
        (type) => !isCompositeType(type) && !isInputObjectType(type) && !isEnumType(type),
      ),
    ],
  ];
  return `${[
    `# Schema of the ${bff.name} BFF`,
    `Generated by \`npm run codegen\` from the SDL, the permissions and the directives; [CHANGELOG.md](CHANGELOG.md) has its changes.`,
    LEGEND,
    ...chapters
      .filter(([, types]) => types.length > 0)
      .flatMap(([title, types]) => [`## ${title}`, ...types.map(section)]),
  ].join('\n\n')}\n`;
}

const hasFields = (type: GraphQLNamedType): type is GraphQLObjectType | GraphQLInterfaceType =>
  isObjectType(type) || isInterfaceType(type);

const inputsOf = (type: GraphQLInputObjectType): string =>
  table(
    ['field', ''],
    Object.values(type.getFields()).map((field) => [
      `${code(field.name)}: ${typeLink(field.type)}${defaultOf(field)}`,
      textOf(field),
    ]),
  );

const valuesOf = (type: GraphQLEnumType): string =>
  table(
    ['value', ''],
    type.getValues().map((value) => [code(value.name), textOf(value)]),
  );

function argumentOf(argument: GraphQLArgument): string {
  const declared = `${code(argument.name)}: ${typeLink(argument.type)}${defaultOf(argument)}`;
  return [declared, textOf(argument)].filter(Boolean).join(' – ');
}

function defaultOf({ defaultValue, type }: GraphQLArgument | GraphQLInputField): string {
  const node = defaultValue === undefined ? undefined : astFromValue(defaultValue, type);
  return node ? ` = ${code(print(node))}` : '';
}

const textOf = ({ description, deprecationReason }: Described & Deprecatable): string =>
  [deprecationReason == null ? [] : `**Deprecated.** ${deprecationReason}`, description ?? []]
    .flat()
    .join(' ')
    .replaceAll('\n', ' ');

const code = (text: string): string => `\`${text}\``;

/** A type such as `[Order!]!`, whose name leads to its section. */
function typeLink(type: GraphQLType): string {
  const { name } = getNamedType(type);
  const [before = '', after = ''] = String(type).split(name);
  const isOwn = !isSpecifiedScalarType(getNamedType(type));
  const escaped = before.replaceAll('[', '\\[');
  return isOwn
    ? `${escaped}[${name}](#${name.toLowerCase()})${after}`
    : `${escaped}${name}${after}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = head.map((_, column) => column === 0 || rows.some((row) => row[column]));
  const line = (cells: readonly string[]) =>
    `| ${cells
      .filter((_, column) => used[column])
      .map((cell) => cell.replaceAll('|', '\\|'))
      .join(' | ')} |`;
  return [line(head), line(head.map(() => '---')).replaceAll(' ', ''), ...rows.map(line)].join(
    '\n',
  );
}

const isList = (type: GraphQLType): boolean => isListType(isNonNullType(type) ? type.ofType : type);

/** The types that clients can get or send, sorted by name: not those of the SDL's own directives. */
function reachableTypes(roots: readonly GraphQLNamedType[]): GraphQLNamedType[] {
  const found = new Set<GraphQLNamedType>();
  const visit = (type: GraphQLNamedType): void => {
    if (found.has(type) || isSpecifiedScalarType(type)) return;
    found.add(type);
    if (isUnionType(type)) for (const member of type.getTypes()) visit(member);
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) visit(getNamedType(field.type));
    }
    if (!hasFields(type)) return;
    for (const each of type.getInterfaces()) visit(each);
    for (const field of Object.values(type.getFields())) {
      visit(getNamedType(field.type));
      for (const argument of field.args) visit(getNamedType(argument.type));
    }
  };
  for (const root of roots) visit(root);
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
}
