/* Insertions into the text of a file. Each throws an Error if its place is not found. */

const MAX_LINE_LENGTH = 100;

/**
 * Inserts lines at the end of a block, one level deeper than the line that opens it.
 * @param openings - match lines, one after the other; the last is the line that opens the block
 */
export function insertIntoBlock(text: string, openings: readonly RegExp[], added: string): string {
  const lines = text.split('\n');
  let start = -1;
  for (const opening of openings) {
    start = lines.findIndex((line, index) => index >= Math.max(start, 0) && opening.test(line));
    if (start < 0) throw new Error(`has no line like ${opening.source}`);
  }
  const [indentation = ''] = /^ */.exec(lines[start] ?? '') ?? [];
  const end = lines.findIndex(
    (line, index) => index > start && !line.startsWith(`${indentation} `),
  );
  if (end < 0) throw new Error(`the block ${openings.at(-1)?.source} does not end`);
  const indented = added.split('\n').map((line) => `${indentation}  ${line}`);
  return lines.toSpliced(end, 0, ...indented).join('\n');
}

/** Appends an item to a list on one line. */
export function insertIntoList(text: string, start: RegExp, item: string): string {
  const list = new RegExp(`(${start.source}.* = \\[)(.*)(\\];)$`, 'm');
  if (!list.test(text)) throw new Error(`has no list ${start.source}`);
  return text.replace(list, (_all, open: string, items: string, close: string) =>
    [open, items, items && ', ', item, close].join(''),
  );
}

/** Inserts lines after the last line that matches. */
export function insertAfterLast(text: string, pattern: RegExp, added: string): string {
  const lines = text.split('\n');
  const last = lines.findLastIndex((line) => pattern.test(line));
  if (last < 0) throw new Error(`has no line like ${pattern.source}`);
  return lines.toSpliced(last + 1, 0, ...added.split('\n')).join('\n');
}

/** Imports a name from a module, in the order of modules and names that biome demands. */
export function insertImport(text: string, from: string, name: string): string {
  const statement = new RegExp(
    `^import \\{([^}]*)\\} from '${from.replaceAll('.', '\\.')}';$`,
    'm',
  );
  const [all, list] = statement.exec(text) ?? [];
  if (all && list !== undefined) return text.replace(all, toImport([...toNames(list), name], from));

  const folder = from.slice(0, from.indexOf('/', 3) + 1) || './';
  const others = [...text.matchAll(/^import [^;]*? from '([^']+)';$/gm)].filter(([, other]) =>
    other?.startsWith(folder),
  );
  const next = others.find(([, other]) => other && other > from);
  const last = others.at(-1);
  if (!last) throw new Error(`has no import like ${from}`);
  const at = next ? next.index : last.index + last[0].length + 1;
  return `${text.slice(0, at)}${toImport([name], from)}\n${text.slice(at)}`;
}

const toNames = (list: string): string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

function toImport(names: readonly string[], from: string): string {
  const sorted = [...new Set(names)].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const line = `import { ${sorted.join(', ')} } from '${from}';`;
  if (line.length <= MAX_LINE_LENGTH) return line;
  return `import {\n${sorted.map((name) => `  ${name},\n`).join('')}} from '${from}';`;
}
