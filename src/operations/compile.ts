import {
  BREAK,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';

/** Executes one operation: as graphql-js's `execute` does, its errors in any order. */
export type Execute = CompiledQuery['query'];

interface Compiled {
  uses: number;
  execute?: Execute | undefined;
}

/** To compile takes as long as to execute some ten times; most operations of strangers come once. */
const USES_BEFORE_COMPILING = 2;

/**
 * Aliases and variables that a document is not compiled with: graphql-jit uses plain objects, on which
 * an assignment to `__proto__` is lost, and a variable that is not given is read from the prototype.
 */
const INHERITED_NAMES: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Compiles operations into functions (graphql-jit), once each, when they are asked again. What is
 * compiled lives as long as its document does.
 */
export function createCompiler(schema: GraphQLSchema) {
  const known = new WeakMap<OperationDefinitionNode, Compiled>();

  function compile(document: DocumentNode, name: string | undefined): Execute | undefined {
    if (hasInheritedName(document)) return undefined;
    const compiled = compileQuery(schema, document, name, {
      // Nobody reads them: the log has the stack of what was thrown.
      disablingCapturingStackErrors: true,
    });
    return isCompiledQuery(compiled) ? compiled.query : undefined;
  }

  /**
   * @param definition - of the document
   * @returns undefined if it is to be executed as it is
   */
  return (document: DocumentNode, definition: OperationDefinitionNode): Execute | undefined => {
    const found = known.get(definition) ?? { uses: 0 };
    found.uses += 1;
    if (found.uses === 1) known.set(definition, found);
    if (found.uses === USES_BEFORE_COMPILING)
      found.execute = compile(document, definition.name?.value);
    return found.execute;
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
