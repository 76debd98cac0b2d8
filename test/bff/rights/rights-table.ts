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

const WORDS = ['yes', 'UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'userError', '-'] as const;
export type Cell = (typeof WORDS)[number];

export type Row = Readonly<Record<Column, Cell>>;
/** Rows by their first column: "Type.field" or "Type.field via root". */
export type RightsTable = ReadonlyMap<string, Row>;

/** @throws Error that names the line which does not read as a row of its own */
export function readRights(name: string): RightsTable {
  const table = new Map<string, Row>();
  const file = new URL(`${name}.txt`, import.meta.url);
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [key = '', ...cells] = line.split(/\s{2,}/);
    const isRow = cells.length === COLUMNS.length && cells.every(isCell);
    if (!isRow) throw new Error(`rights/${name}.txt does not read as a row: ${line}`);
    if (table.has(key)) throw new Error(`rights/${name}.txt has two rows for ${key}`);
    table.set(key, Object.fromEntries(COLUMNS.map((column, i) => [column, cells[i]])) as Row);
  }
  return table;
}

const isCell = (text: string): text is Cell => (WORDS as readonly string[]).includes(text);

/** The row that speaks for a field when it is reached through a root field. */
export const rowFor = (table: RightsTable, field: string, root: string): string =>
  table.has(`${field} via ${root}`) ? `${field} via ${root}` : field;

/** The field that a row speaks for. */
export const fieldOfRow = (key: string): string => key.split(' via ')[0] ?? key;
