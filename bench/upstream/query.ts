/** What is given several times is a list, which is how Tailcall sends one. */
export function readQuery(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    if (at < 0) continue;
    const value = pair.slice(at + 1);
    const name = pair.slice(0, at);
    const text = value.includes('%') ? decodeURIComponent(value) : value;
    const before = parameters[name];
    parameters[name] = before === undefined ? text : `${before},${text}`;
  }
  return parameters;
}
