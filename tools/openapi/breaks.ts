import type { Described, Document } from './document.ts';
import type { Usage, UsedCall, UsedProperty } from './usage.ts';

/** The headers that the upstream engine sends where the document asks for them. */
const ENGINE_HEADERS = ['x-viewer', 'authorization', 'x-request-id', 'traceparent'];
const BODY = ['requestBody', 'content', 'application/json'];

/**
 * Finds the changes of a service's document that its datasource cannot live with: a call, a parameter or
 * a property that is used and gone or of another type, a response that may have what the decoder does
 * not know, and what requests must have that they do not have.
 * @param before - the document that the datasource was written for
 */
export function findBreaks(usage: Usage, before: Document, after: Document): string[] {
  const { calls, properties } = usage;
  return [
    ...new Set([
      ...calls.flatMap((call) => callBreaks(call, before, after)),
      ...properties.flatMap((property) => propertyBreaks(property, calls, before, after)),
    ]),
  ];
}

const nameOf = ({ method, path }: UsedCall): string => `${method} ${path}`;

const pathOf = ({ method, path }: UsedCall): string[] => ['paths', path, method.toLowerCase()];

function callBreaks(call: UsedCall, before: Document, after: Document): string[] {
  const { place, path } = call;
  const at = pathOf(call);
  if (after.describe(at)?.type !== 'object') return [`${nameOf(call)} is gone (${place})`];
  const below = (...names: string[]) => [...at, ...names];
  const sent = new Set([...call.parameters, ...call.headers.map(lower), ...ENGINE_HEADERS]);
  const breaks: string[] = [];

  for (const kind of ['path', 'query', 'header'] as const) {
    const parameterOf = (document: Document, name: string) =>
      document.describe(below('parameters', kind, name)) ??
      document.describe(['paths', path, 'parameters', kind, name]);
    for (const name of before.names(below('parameters', kind))) {
      if (!sent.has(lower(name))) continue;
      const reason = requestBreak(parameterOf(before, name), parameterOf(after, name));
      if (reason) breaks.push(`the ${kind} parameter ${name} ${reason}`);
    }
    for (const name of after.names(below('parameters', kind))) {
      if (sent.has(lower(name)) || parameterOf(after, name)?.isOptional) continue;
      if (parameterOf(before, name)?.isOptional !== false)
        breaks.push(`requires the ${kind} parameter ${name}`);
    }
  }
  breaks.push(...bodyBreaks(below(...BODY), 'the body', before, after));
  for (const status of before.names(below('responses'))) {
    if (!status.startsWith('2')) continue;
    const now = after.schemasBelow(below('responses', status));
    const gone = [...before.schemasBelow(below('responses', status))].filter((s) => !now.has(s));
    if (!after.describe(below('responses', status)))
      breaks.push(`no longer responds with ${status}`);
    else if (gone.length > 0) breaks.push(`no longer responds with ${gone.join(', ')}`);
  }
  return breaks.map((reason) => `${nameOf(call)}: ${reason} (${place})`);
}

/** The whole body counts as sent: which of its optional properties are sent is not in its type. */
function bodyBreaks(at: string[], name: string, before: Document, after: Document): string[] {
  const known = before.names(at);
  const removed = known.flatMap((property) => {
    const path = [...at, property];
    const reason = requestBreak(before.describe(path), after.describe(path));
    const inner = `${name}'s ${property}`;
    return reason ? [`${inner} ${reason}`] : bodyBreaks(path, inner, before, after);
  });
  const required = after
    .names(at)
    .filter((property) => !known.includes(property))
    .filter((property) => !after.describe([...at, property])?.isOptional);
  return [...removed, ...required.map((property) => `${name} requires ${property}`)];
}

function requestBreak(before: Described | undefined, after: Described | undefined) {
  if (!before || before.type === 'never') return undefined;
  if (!after) return 'is gone';
  if (before.isOptional && !after.isOptional) return 'is required';
  return before.parts.isSubsetOf(after.parts) ? undefined : typeChange(before, after);
}

function propertyBreaks(
  { path, place }: UsedProperty,
  calls: readonly UsedCall[],
  before: Document,
  after: Document,
): string[] {
  const at = ['components', 'schemas', ...path];
  const known = before.describe(at);
  const reason = known && responseBreak(known, after.describe(at));
  if (!reason) return [];
  const [schema = ''] = path;
  const through = calls
    .filter((call) => before.schemasBelow([...pathOf(call), 'responses']).has(schema))
    .map(nameOf);
  const where = [...new Set(through)].join(', ') || 'schemas';
  return [`${where}: ${path.join('.')} ${reason} (${place})`];
}

function responseBreak(before: Described, after: Described | undefined) {
  if (!after) return 'is gone';
  if (!before.isOptional && after.isOptional) return 'may be missing';
  return after.parts.isSubsetOf(before.parts) ? undefined : typeChange(before, after);
}

const typeChange = (before: Described, after: Described): string =>
  `was ${before.type} and is ${after.type}`;

const lower = (text: string): string => text.toLowerCase();
