/** Parses a query string. A repeated parameter becomes a comma-separated list: Tailcall repeats it. */
export function parseQuery(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const pair of query.split('&')) {
    const separator = pair.indexOf('=');
    if (separator < 0) continue;
    const name = pair.slice(0, separator);
    const encoded = pair.slice(separator + 1);
    const value = encoded.includes('%') ? decodeURIComponent(encoded) : encoded;
    const previous = parameters[name];
    parameters[name] = previous === undefined ? value : `${previous},${value}`;
  }
  return parameters;
}
