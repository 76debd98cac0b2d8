import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

type StoreOptions = {
  /** The file's name, without extension. */
  name: string;
  /** The folder of the database file; without it, data live in memory. */
  dataDir?: string | undefined;
  tables: string;
  /** Created after the seed: filling an indexed table takes twice as long. */
  indexes: string;
  seed: (db: DatabaseSync) => void;
};

/** The serialized seeded database of each service, so that a process seeds each one only once. */
const templates = new Map<StoreOptions['seed'], Uint8Array>();

/** Opens a seeded database: an independent copy in memory, or the file in `dataDir`. */
export function openStore(options: StoreOptions): DatabaseSync {
  const { name, dataDir } = options;
  if (!dataDir) return openCopy(options);
  mkdirSync(dataDir, { recursive: true });
  const db = new DatabaseSync(join(dataDir, `${name}.db`));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  // user_version is part of the transaction: a file whose seeding was interrupted is seeded again.
  if (query<{ user_version: number }>(db, 'PRAGMA user_version').get()?.user_version === 0) {
    fill(db, options);
  }
  return db;
}

function openCopy(options: StoreOptions): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  const template = templates.get(options.seed);
  if (template) {
    db.deserialize(template);
  } else {
    fill(db, options);
    templates.set(options.seed, db.serialize());
  }
  return db;
}

function fill(db: DatabaseSync, { tables, indexes, seed }: StoreOptions): void {
  transact(db, () => {
    db.exec(tables);
    seed(db);
    db.exec(indexes);
    db.exec('PRAGMA user_version = 1');
  });
}

export function transact<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** A prepared statement; the caller declares the type of its rows. */
export function query<Row>(db: DatabaseSync, sql: string) {
  const statement = db.prepare(sql);
  return {
    all: (...values: SQLInputValue[]) => statement.all(...values) as Row[],
    get: (...values: SQLInputValue[]) => statement.get(...values) as Row | undefined,
  };
}

/** Finds an item for each id, in reverse order, because a batch read guarantees no order. */
export function findEach<T>(ids: readonly string[], byId: (id: string) => T | undefined): T[] {
  return ids
    .map(byId)
    .filter((found) => found !== undefined)
    .reverse();
}

export const toTime = (ms: number): string => new Date(ms).toISOString();

/** The row number of an id; undefined if no row can have this id. */
export function toRowId(id: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : undefined;
}
