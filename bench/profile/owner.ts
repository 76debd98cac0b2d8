import type { CallFrame } from './recording.ts';

/** A function as a reader finds it. */
export interface Code {
  readonly name: string;
  /** File and line, without where the repository lies; empty for what has no source. */
  readonly place: string;
  /** `src/<folder>`, the name of a package, `node:<module>`, or one of the names below. */
  readonly owner: string;
}

const COMPILED = 'compiled operation';
const NATIVE = 'native';
export const OUTSIDE = 'outside JavaScript';

/** What V8 calls the time in no function of its own. */
const NO_FUNCTION: ReadonlyMap<string, string> = new Map([
  ['(root)', 'all'],
  ['(garbage collector)', 'gc'],
  ['(program)', OUTSIDE],
  ['(idle)', OUTSIDE],
]);

const ROOT = new URL('../../', import.meta.url).href;
const PACKAGE = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** @param caller - whose code called it */
export function codeOf(
  { functionName, url, scriptId, lineNumber }: CallFrame,
  caller: string,
): Code {
  const none = NO_FUNCTION.get(functionName);
  if (none !== undefined) return { name: none, place: '', owner: none };
  const name = functionName || '(anonymous)';
  if (url === '') return { name, place: '', owner: ownerOfNoFile(scriptId, caller) };
  return { name, place: `${placeOf(url)}:${lineNumber + 1}`, owner: ownerOf(url) };
}

/** graphql-jit makes functions of text, and some other packages do. */
function ownerOfNoFile(scriptId: string, caller: string): string {
  if (scriptId === '0') return NATIVE;
  const ofPackage = !/^(?:src|bff-|node:|all$|graphql-jit$)/.test(caller) && caller !== NATIVE;
  return ofPackage ? caller : COMPILED;
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

const placeOf = (url: string): string =>
  url.startsWith(ROOT) ? url.slice(ROOT.length).replace(/^(?:.*\/)?node_modules\//, '') : url;

const FAMILIES: readonly (readonly [family: string, owner: RegExp])[] = [
  ['Frontdesk', /^(?:src|bff-|schema)/],
  [COMPILED, /^compiled operation$/],
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

export const OTHERS = 'other packages';
export const FAMILY_NAMES: readonly string[] = [...FAMILIES.map(([family]) => family), OTHERS];

export const familyOf = (owner: string): string =>
  FAMILIES.find(([, pattern]) => pattern.test(owner))?.[0] ?? OTHERS;
