import { readFileSync } from 'node:fs';

export const COLUMNS = [
  'anonymous',
  'own',
  "another's",
  "everyone's",
  'staff: own',
  'staff: any',
] as const;
export type Column = (typeof COLUMNS)[number];

const CELLS = ['yes', 'UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'userError', '-'] as const;
export type Cell = (typeof CELLS)[number];

export type Row = Readonly<Record<Column, Cell>>;
/** Rows by key: "Type.field" or "Type.field via root". */
export type RightsTable = ReadonlyMap<string, Row>;

/**
 * Reads `<name>.txt`: the rights of a BFF.
 * @throws Error that names the invalid line
 */
export function readRights(name: string): RightsTable {
  const table = new Map<string, Row>();
  const text = readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8');
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [key = '', ...cells] = line.split(/\s{2,}/);
    const isRow = cells.length === COLUMNS.length && cells.every(isCell);
    if (!isRow || table.has(key)) {
      throw new Error(`test/bff/rights/${name}.txt: invalid or duplicate row: ${line}`);
    }
    table.set(key, Object.fromEntries(COLUMNS.map((column, i) => [column, cells[i]])) as Row);
  }
  return table;
}

const isCell = (text: string): text is Cell => (CELLS as readonly string[]).includes(text);

/** The key of the row for a field that is reached through a root field. */
export const rowFor = (table: RightsTable, field: string, root: string): string =>
  table.has(`${field} via ${root}`) ? `${field} via ${root}` : field;

/** The field of a row. */
export const fieldOfRow = (key: string): string => key.split(' via ')[0] ?? key;
