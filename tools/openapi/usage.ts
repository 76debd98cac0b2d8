import { basename, relative } from 'node:path';
import ts from 'typescript';
import { pathOf } from './document.ts';

/** A property of a schema that a datasource reads. */
export interface UsedProperty {
  /** Its path in the types of the document, such as `['Order', 'total']`. */
  readonly path: readonly string[];
  /** The place of the first use, such as `src/datasources/order-decoder.ts:97`. */
  readonly place: string;
}

/** A call that a datasource makes. */
export interface UsedCall {
  readonly method: string;
  /** As the document has it, such as `/orders/{id}`. */
  readonly path: string;
  /** The names of the parameters in its path and its query. */
  readonly parameters: readonly string[];
  readonly headers: readonly string[];
  readonly place: string;
}

/** What the datasource of a service uses of the service's document. */
export interface Usage {
  readonly properties: readonly UsedProperty[];
  readonly calls: readonly UsedCall[];
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  types: [],
};

/**
 * Finds what datasources use of the generated types, in their code: each property that is read has its
 * declaration there, and each call names its path and its parameters where it builds its target.
 * @param files - of the datasources
 * @param root - of the tree; places are relative to it
 * @returns by service, whose types are in `generated/<service>.ts`
 * @throws Error for a call whose path can't be read
 */
export function findUsage(files: readonly string[], root: string): ReadonlyMap<string, Usage> {
  const program = ts.createProgram([...files], OPTIONS);
  const checker = program.getTypeChecker();
  const properties = new Map<string, Map<string, UsedProperty>>();
  const calls = new Map<string, UsedCall[]>();

  const placeOf = (node: ts.Node): string => {
    const source = node.getSourceFile();
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    return `${relative(root, source.fileName)}:${line + 1}`;
  };

  function addProperty(symbol: ts.Symbol | undefined, node: ts.Node): void {
    for (const declaration of symbol?.declarations ?? []) {
      const found = pathOf(declaration);
      if (!found) continue;
      const known = properties.get(found.service) ?? new Map<string, UsedProperty>();
      properties.set(found.service, known);
      const key = found.path.join('.');
      if (!known.has(key)) known.set(key, { path: found.path, place: placeOf(node) });
    }
  }

  /** Adds the properties of a value that is passed on as another type, which hides where they are read. */
  function addPassedOn(value: ts.Type, target: ts.Type, node: ts.Node): void {
    for (const wanted of target.getProperties()) {
      if (wanted.declarations?.some(pathOf)) continue;
      const given = value.getProperty(wanted.name);
      if (!given?.declarations?.some(pathOf)) continue;
      addProperty(given, node);
      const [inner, outer] = [given, wanted].map((symbol) =>
        elementOf(checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(symbol, node))),
      );
      if (inner && outer) addPassedOn(inner, outer, node);
    }
  }

  const elementOf = (type: ts.Type): ts.Type =>
    checker.isArrayType(type)
      ? (checker.getTypeArguments(type as ts.TypeReference)[0] ?? type)
      : type;

  function visit(node: ts.Node, service: string | undefined): void {
    if (ts.isPropertyAccessExpression(node)) {
      addProperty(checker.getSymbolAtLocation(node.name), node);
    } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      const name = node.propertyName ?? node.name;
      const type = checker.getTypeAtLocation(node.parent);
      if (ts.isIdentifier(name)) addProperty(type.getProperty(name.text), node);
    } else if (ts.isSpreadAssignment(node)) {
      const type = checker.getTypeAtLocation(node.expression);
      for (const symbol of type.getProperties()) addProperty(symbol, node);
    } else if (ts.isCallExpression(node)) {
      visitCall(node, service);
    }
    ts.forEachChild(node, (child) => visit(child, service));
  }

  function visitCall(node: ts.CallExpression, service: string | undefined): void {
    for (const argument of node.arguments) {
      const target = checker.getContextualType(argument);
      if (target) addPassedOn(checker.getTypeAtLocation(argument), target, argument);
    }
    if (!service || !ts.isIdentifier(node.expression) || node.expression.text !== 'target') return;
    calls.set(service, [...(calls.get(service) ?? []), toCall(node)]);
  }

  function toCall(node: ts.CallExpression): UsedCall {
    const [path, parameters] = node.arguments;
    if (!path || !ts.isArrayLiteralExpression(path))
      throw new Error(`${placeOf(node)}: no literal path`);
    const segments = path.elements.map((element) => {
      if (ts.isStringLiteral(element)) return element.text;
      const [name] = checker.getTypeAtLocation(element).getProperties();
      if (!ts.isObjectLiteralExpression(element) || !name)
        throw new Error(`${placeOf(element)}: neither a text nor a parameter`);
      return `{${name.name}}`;
    });
    const names = parameters ? checker.getTypeAtLocation(parameters).getProperties() : [];
    const { method, headers } = requestOf(node);
    return {
      method,
      path: `/${segments.join('/')}`,
      parameters: [
        ...segments.filter((segment) => segment.startsWith('{')).map((s) => s.slice(1, -1)),
        ...names.map(({ name }) => name),
      ],
      headers,
      place: placeOf(node),
    };
  }

  /** Reads the request that is built around a target, in the same function. */
  function requestOf(node: ts.Node) {
    let scope = node;
    while (scope.parent && !ts.isFunctionLike(scope)) scope = scope.parent;
    let method = 'GET';
    let headers: string[] = [];
    const find = (child: ts.Node): void => {
      const name = ts.isPropertyAssignment(child) && ts.isIdentifier(child.name) && child.name.text;
      if (
        name === 'method' &&
        ts.isPropertyAssignment(child) &&
        ts.isStringLiteral(child.initializer)
      )
        method = child.initializer.text;
      if (ts.isObjectLiteralElement(child) && child.name?.getText() === 'headers')
        headers = checker
          .getTypeAtLocation(child)
          .getProperties()
          .map((symbol) => symbol.name);
      ts.forEachChild(child, find);
    };
    find(scope);
    return { method, headers };
  }

  for (const file of files) {
    const source = program.getSourceFile(file);
    if (source) visit(source, basename(file, '.ts'));
  }
  const services = new Set([...properties.keys(), ...calls.keys()]);
  return new Map(
    [...services].map((service) => [
      service,
      {
        properties: [...(properties.get(service)?.values() ?? [])],
        calls: calls.get(service) ?? [],
      },
    ]),
  );
}
