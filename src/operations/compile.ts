import {
  BREAK,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';

/** Executes one operation like graphql-js's `execute`, except that errors come in any order. */
export type Execute = CompiledQuery['query'];

interface Compiled {
  uses: number;
  execute?: Execute | undefined;
}

/** Compiling costs about ten executions, and most ad-hoc operations are sent only once. */
const USES_BEFORE_COMPILING = 2;

/**
 * Names of aliases and variables that keep a document from being compiled. graphql-jit uses plain
 * objects: an assignment to `__proto__` is lost, and a missing variable is read from the prototype.
 */
const INHERITED_NAMES: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Compiles operations into functions (graphql-jit): those that are known at start before their first
 * use, the others on their second. A function lives as long as its document.
 */
export function createCompiler(schema: GraphQLSchema) {
  const known = new WeakMap<OperationDefinitionNode, Compiled>();

  function compile(document: DocumentNode, name: string | undefined): Execute | undefined {
    if (hasInheritedName(document)) return undefined;
    const compiled = compileQuery(schema, document, name, {
      // These stacks are unused: the log has the stack of the original error.
      disablingCapturingStackErrors: true,
    });
    return isCompiledQuery(compiled) ? compiled.query : undefined;
  }

  return {
    /**
     * @param definition - an operation of the document
     * @returns undefined if the operation is to be executed without compilation
     */
    find(document: DocumentNode, definition: OperationDefinitionNode): Execute | undefined {
      const found = known.get(definition) ?? { uses: 0 };
      found.uses += 1;
      if (found.uses === 1) known.set(definition, found);
      if (found.uses === USES_BEFORE_COMPILING)
        found.execute = compile(document, definition.name?.value);
      return found.execute;
    },

    /** Compiles all operations of a document. */
    prepare(document: DocumentNode): void {
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION || known.has(definition)) continue;
        const execute = compile(document, definition.name?.value);
        known.set(definition, { uses: USES_BEFORE_COMPILING, execute });
      }
    },
  };
}

export type Compiler = ReturnType<typeof createCompiler>;

function hasInheritedName(document: DocumentNode): boolean {
  let isFound = false;
  visit(document, {
    Name({ value }) {
      isFound = INHERITED_NAMES.has(value);
      return isFound ? BREAK : undefined;
    },
  });
  return isFound;
}
