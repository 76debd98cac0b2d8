import ts from 'typescript';

// Reads the types that openapi-typescript generates of an OpenAPI document.

const GENERATED = /\/generated\/([\w-]+)\.ts$/;

/** The members of a generated type, by their names. */
type Members = ReadonlyMap<string, ts.PropertySignature>;

/** The schema coordinates of a declaration in generated types; undefined for any other declaration. */
export function pathOf(
  declaration: ts.Node,
): { readonly service: string; readonly path: readonly string[] } | undefined {
  const [, service] = GENERATED.exec(declaration.getSourceFile().fileName) ?? [];
  if (service === undefined) return undefined;
  const names: string[] = [];
  for (let node = declaration; !ts.isSourceFile(node); node = node.parent) {
    if (ts.isPropertySignature(node)) names.unshift(nameOf(node));
    if (ts.isInterfaceDeclaration(node)) names.unshift(node.name.text);
  }
  const [root, section, ...path] = names;
  return root === 'components' && section === 'schemas' && path.length > 1
    ? { service, path }
    : undefined;
}

const nameOf = ({ name }: ts.PropertySignature): string =>
  ts.isStringLiteral(name) || ts.isNumericLiteral(name) ? name.text : name.getText();

/** A type with what is needed to compare it. */
export interface Described {
  /** The type, with references to other types resolved, except that an object is only `object`. */
  readonly type: string;
  /** The parts of a union, sorted; otherwise the type alone. */
  readonly parts: ReadonlySet<string>;
  readonly isOptional: boolean;
}

export type Document = ReturnType<typeof readDocument>;

/** Reads generated types; `member` finds one by its path, through arrays and references. */
export function readDocument(text: string) {
  const source = ts.createSourceFile('types.ts', text, ts.ScriptTarget.ESNext, true);
  const interfaces = new Map(
    source.statements.filter(ts.isInterfaceDeclaration).map((node) => [node.name.text, node]),
  );

  const membersOf = (node: ts.Node): Members =>
    ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node)
      ? new Map(node.members.filter(ts.isPropertySignature).map((each) => [nameOf(each), each]))
      : new Map();

  /** The objects that a type consists of. */
  function objectsOf(node: ts.TypeNode | undefined): ts.Node[] {
    if (!node) return [];
    if (ts.isTypeLiteralNode(node)) return [node];
    if (ts.isArrayTypeNode(node)) return objectsOf(node.elementType);
    if (ts.isParenthesizedTypeNode(node)) return objectsOf(node.type);
    if (ts.isUnionTypeNode(node) || ts.isIntersectionTypeNode(node))
      return node.types.flatMap(objectsOf);
    return objectsOf(resolve(node));
  }

  /** The type that `components["schemas"]["Order"]` refers to. */
  function resolve(node: ts.TypeNode): ts.TypeNode | undefined {
    const path = indexesOf(node);
    return path && member(path)?.type;
  }

  function indexesOf(node: ts.TypeNode): string[] | undefined {
    if (ts.isTypeReferenceNode(node)) return [node.typeName.getText()];
    if (!ts.isIndexedAccessTypeNode(node) || !ts.isLiteralTypeNode(node.indexType))
      return undefined;
    const path = indexesOf(node.objectType);
    const { literal } = node.indexType;
    return path && 'text' in literal ? [...path, literal.text] : undefined;
  }

  function member([root = '', ...path]: readonly string[]): ts.PropertySignature | undefined {
    let owners: ts.Node[] = [interfaces.get(root)].flatMap((node) => node ?? []);
    let found: ts.PropertySignature | undefined;
    for (const name of path) {
      found = owners.map((owner) => membersOf(owner).get(name)).find((each) => each !== undefined);
      if (!found) return undefined;
      owners = objectsOf(found.type);
    }
    return found;
  }

  function partsOf(node: ts.TypeNode | undefined): string[] {
    if (!node) return ['unknown'];
    if (ts.isParenthesizedTypeNode(node)) return partsOf(node.type);
    if (ts.isTypeLiteralNode(node) || ts.isIntersectionTypeNode(node)) return ['object'];
    if (ts.isUnionTypeNode(node)) return node.types.flatMap(partsOf);
    if (ts.isArrayTypeNode(node)) return [`(${textOf(partsOf(node.elementType))})[]`];
    const resolved = resolve(node);
    return resolved ? partsOf(resolved) : [node.getText()];
  }

  const textOf = (parts: readonly string[]): string => [...new Set(parts)].sort().join(' | ');

  return {
    describe(path: readonly string[]): Described | undefined {
      const found = member(path);
      if (!found) return undefined;
      const parts = partsOf(found.type);
      return {
        type: textOf(parts),
        parts: new Set(parts),
        isOptional: found.questionToken !== undefined,
      };
    },
    /** The names of the members below a path; none if there is nothing. */
    names(path: readonly string[]): string[] {
      const found = path.length === 1 ? interfaces.get(path[0] as string) : undefined;
      const owners = found ? [found] : objectsOf(member(path)?.type);
      return [...new Set(owners.flatMap((owner) => [...membersOf(owner).keys()]))];
    },
    /** The schemas that a type refers to, directly and through others. */
    schemasBelow(path: readonly string[]): ReadonlySet<string> {
      const seen = new Set<string>();
      const visit = (node: ts.Node | undefined): void => {
        if (!node) return;
        const [root, section, name] = (ts.isTypeNode(node) && indexesOf(node)) || [];
        if (root === 'components' && section && name) {
          const key = `${section}.${name}`;
          if (seen.has(key)) return;
          seen.add(key);
          visit(member([root, section, name])?.type);
          return;
        }
        if (root === 'operations' && section) visit(member([root, section])?.type);
        ts.forEachChild(node, visit);
      };
      visit(member(path));
      const prefix = 'schemas.';
      return new Set(
        [...seen].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)),
      );
    },
  };
}
