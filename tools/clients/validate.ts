import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
  valueFromASTUntyped,
} from 'graphql';
import { ConfigError } from '../../src/config/index.ts';
import { BffError } from '../../src/errors.ts';
import {
  createCostReader,
  enforceDocumentLimits,
  enforceLimit,
  type OperationLimits,
} from '../../src/operations/limits/index.ts';
import {
  describeError,
  isWrongHash,
  type ManifestEntry,
  parseManifest,
  SAME_ID,
  WRONG_HASH,
} from '../../src/operations/manifest.ts';
import { documentHash } from '../../src/operations/operation.ts';
import { findTypeBreaks, type UsedTypes } from './used-types.ts';

/** What the operations of a client must agree with. */
export interface Contract {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
}

/** The operations of another version of a client. */
interface OtherManifest {
  readonly client: string;
  readonly text: string;
}

const RULES = [...specifiedRules, NoSchemaIntrospectionCustomRule];

/**
 * Finds what breaks the operations of a released client: fields and arguments that are gone, other types
 * than those that the client was built for, limits that they exceed, ids that do not belong to their texts, or that are two operations (a BFF with such
 * manifests does not start).
 *
 * The cost is that with the defaults of variables: what a client passes is not in its manifest.
 * @param text - of the manifest
 * @param others - the manifests that the BFF has with it
 * @returns one line per fault, such as `Dashboard: line 4: Cannot query field "total" on type "Order".`
 */
export function findFaults(
  { schema, limits }: Contract,
  text: string,
  others: readonly OtherManifest[] = [],
): string[] {
  const costOf = createCostReader(schema, limits.listSize);
  const otherHashes = others.map(({ client, text }) => ({ client, hashes: hashesOf(text) }));
  const seen = new Set<string>();
  const built = builtTypesOf(text);

  function idFaultsOf(id: string, hash: string): string[] {
    const faults = otherHashes
      .filter(({ hashes }) => (hashes.get(id) ?? hash) !== hash)
      .map(({ client }) => `the id is another operation in ${client}.json`);
    if (seen.has(id)) faults.push(SAME_ID);
    seen.add(id);
    return isWrongHash(id, hash) ? [WRONG_HASH, ...faults] : faults;
  }

  function faultsOf({ id, body }: ManifestEntry): string[] {
    const idFaults = idFaultsOf(id, documentHash(body));
    try {
      const document = parse(body);
      const errors = validate(schema, document, RULES, { hideSuggestions: true });
      if (errors.length > 0) return [...idFaults, ...errors.map(describeError)];
      enforceLimit(limits, 'characters', body.length);
      parse(body, { maxTokens: limits.tokens });
      enforceDocumentLimits(document, limits);
      for (const definition of operationsOf(document)) {
        const cost = costOf(document, definition)(defaultsOf(definition));
        enforceLimit(limits, 'cost', Math.ceil(cost));
      }
      return [...idFaults, ...findTypeBreaks(schema, document, built)];
    } catch (error) {
      if (error instanceof GraphQLError) return [...idFaults, describeError(error)];
      if (error instanceof BffError) return [...idFaults, error.message];
      throw error;
    }
  }

  return entriesOf(text).flatMap((entry) =>
    typeof entry === 'string' ? entry : faultsOf(entry).map((fault) => `${entry.name}: ${fault}`),
  );
}

/** @returns the entries of a manifest, or its faults */
function entriesOf(text: string): readonly (ManifestEntry | string)[] {
  try {
    return parseManifest(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** @returns the hashes of a manifest's operations by id; none for one that can't be read */
function hashesOf(text: string): ReadonlyMap<string, string> {
  const entries = entriesOf(text).filter((entry) => typeof entry !== 'string');
  return new Map(entries.map(({ id, body }) => [id, documentHash(body)]));
}

/** @returns the types that `npm run clients -- add` has recorded; none for other manifests */
function builtTypesOf(text: string): UsedTypes {
  try {
    const { types } = JSON.parse(text) as { types?: UsedTypes };
    return typeof types === 'object' ? types : {};
  } catch {
    return {};
  }
}

const operationsOf = ({ definitions }: DocumentNode): OperationDefinitionNode[] =>
  definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode) =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
    ),
  );
