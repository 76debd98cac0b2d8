import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

type StoreOptions = {
  /** The file's name, without extension. */
  name: string;
  /** Without it, data live in memory. */
  dataDir?: string | undefined;
  tables: string;
  /** Made after the seed: filling an indexed table takes twice as long. */
  indexes: string;
  seed: (db: DatabaseSync) => void;
};

export function openStore({ name, dataDir, tables, indexes, seed }: StoreOptions): DatabaseSync {
  if (dataDir) mkdirSync(dataDir, { recursive: true });
  const db = new DatabaseSync(dataDir ? join(dataDir, `${name}.db`) : ':memory:');
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  // user_version is part of the transaction, so a start that was killed half-way seeds again.
  if (query<{ user_version: number }>(db, 'PRAGMA user_version').get()?.user_version === 0) {
    transact(db, () => {
      db.exec(tables);
      seed(db);
      db.exec(indexes);
      db.exec('PRAGMA user_version = 1');
    });
  }
  return db;
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

/** A prepared statement whose rows have the type that its author vouches for. */
export function query<Row>(db: DatabaseSync, sql: string) {
  const statement = db.prepare(sql);
  return {
    all: (...values: SQLInputValue[]) => statement.all(...values) as Row[],
    get: (...values: SQLInputValue[]) => statement.get(...values) as Row | undefined,
  };
}

/** Objects by id, each once, and last asked first: a batch read promises no order. */
export function eachById<T>(ids: readonly string[], byId: (id: string) => T | undefined): T[] {
  return ids
    .map(byId)
    .filter((found) => found !== undefined)
    .reverse();
}

export const toTime = (ms: number): string => new Date(ms).toISOString();
