import type { CallFrame } from './recording.ts';

/** Name, location and owner of a function. */
export interface FunctionInfo {
  readonly name: string;
  /** File and line, relative to the repository; empty for functions without source. */
  readonly location: string;
  /** `src/<folder>`, the name of a package, `node:<module>`, or one of the names below. */
  readonly owner: string;
}

const COMPILED_OPERATION = 'compiled operation';
const NATIVE = 'native';
export const OUTSIDE = 'outside JavaScript';

/** V8's names for time outside functions. */
const PSEUDO_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['(root)', 'all'],
  ['(garbage collector)', 'gc'],
  ['(program)', OUTSIDE],
  ['(idle)', OUTSIDE],
]);

const ROOT = new URL('../../', import.meta.url).href;
const PACKAGE = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** @param caller - owner of the calling function */
export function describeFunction(
  { functionName, url, scriptId, lineNumber }: CallFrame,
  caller: string,
): FunctionInfo {
  const pseudoName = PSEUDO_FUNCTIONS.get(functionName);
  if (pseudoName !== undefined) return { name: pseudoName, location: '', owner: pseudoName };
  const name = functionName || '(anonymous)';
  if (url === '') return { name, location: '', owner: ownerOfSourceless(scriptId, caller) };
  return { name, location: `${locationOf(url)}:${lineNumber + 1}`, owner: ownerOf(url) };
}

/** graphql-jit compiles functions from strings, and some other packages do. */
function ownerOfSourceless(scriptId: string, caller: string): string {
  if (scriptId === '0') return NATIVE;
  const isPackage = !/^(?:src|bff-|node:|all$|graphql-jit$)/.test(caller) && caller !== NATIVE;
  return isPackage ? caller : COMPILED_OPERATION;
}

function ownerOf(url: string): string {
  if (url.startsWith('node:')) return `node:${moduleOf(url.slice('node:'.length))}`;
  const inPackage = PACKAGE.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const [first = '', second = ''] = url.slice(ROOT.length).split('/');
  return first === 'src' && !second.endsWith('.ts') ? `${first}/${second}` : first;
}

/** `internal/streams/writable` and `stream_base_commons` are `stream`, `_http_server` is `http`. */
const moduleOf = (path: string): string =>
  (/^(?:internal\/)?_?([a-z]+)/.exec(path)?.[1] ?? path).replace('streams', 'stream');

/** A path in its package, wherever that is installed, or in the repository. */
function locationOf(url: string): string {
  const path = url.replace(/^.*\/node_modules\//, '');
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

const FAMILIES: readonly (readonly [family: string, owner: RegExp])[] = [
  ['Frontdesk', /^(?:src|bff-|schema)/],
  [COMPILED_OPERATION, /^compiled operation$/],
  ['Apollo', /^@apollo\//],
  ['GraphQL', /^(?:graphql|@graphql-tools\/|dataloader$)/],
  [
    'got',
    /^(?:got|@sindresorhus\/.*|cacheable-.*|responselike|keyv|uint8array-extras|.*-response|.*-stream|lowercase-keys|normalize-url|chunk-data|byte-counter)$/,
  ],
  [
    'Fastify and pino',
    /^(?:@?fastify|find-my-way|avvio|pino|sonic-boom|secure-json-parse|fast|quick-format|toad-cache)/,
  ],
  ['Node', /^node:/],
  ['native, GC', /^(?:native|gc|all)$/],
];

export const OTHER_PACKAGES = 'other packages';
export const FAMILY_NAMES: readonly string[] = [
  ...FAMILIES.map(([family]) => family),
  OTHER_PACKAGES,
];

export const familyOf = (owner: string): string =>
  FAMILIES.find(([, pattern]) => pattern.test(owner))?.[0] ?? OTHER_PACKAGES;
