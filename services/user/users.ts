import type { DatabaseSync } from 'node:sqlite';
import { EXTERNAL_USERS, SEEDED_USERS } from '../support/cast.ts';
import { type Position, toCursor, toPage } from '../support/page.ts';
import { notFound, Problem } from '../support/problem.ts';
import { findEach, query, toRowId, toTime } from '../support/store.ts';
import type { ProfileChange } from './profile.ts';

export const TABLES = `CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL,
  email TEXT NOT NULL,
  avatar_url TEXT,
  locale TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
)`;
export const INDEXES = 'CREATE INDEX users_by_name ON users (name, id) WHERE deleted_at IS NULL';

type Row = {
  id: number;
  name: string;
  email: string;
  avatar_url: string | null;
  locale: string;
  created_at: number;
  deleted_at: number | null;
};

/** Folds case for searches: SQLite's LIKE ignores case only in ASCII. */
export const fold = (text: string): string => text.normalize('NFKC').toLowerCase();

export function createUsers(db: DatabaseSync) {
  const select = query<Row>(db, 'SELECT * FROM users WHERE id = ?');
  // instr rather than LIKE, so that a % in the search is literal.
  const search = query<Row>(
    db,
    `SELECT * FROM users WHERE deleted_at IS NULL AND (name, id) > (?, ?)
     AND (instr(folded_name, ?) > 0 OR instr(email, ?) > 0) ORDER BY name, id LIMIT ?`,
  );
  const update = db.prepare(
    'UPDATE users SET name = ?, folded_name = ?, avatar_url = ?, locale = ? WHERE id = ?',
  );

  const find = (id: string): Row | undefined => {
    const row = rowOf(id);
    return row === undefined ? undefined : select.get(row);
  };
  const existing = (id: string): Row => {
    const row = find(id);
    if (!row) throw notFound();
    if (row.deleted_at !== null) throw new Problem(410, 'deleted');
    return row;
  };

  return {
    get: (id: string) => toUser(existing(id)),
    byIds(ids: readonly string[]) {
      const rows = findEach(ids, find);
      return {
        users: rows.filter((row) => row.deleted_at === null).map(toUser),
        deleted: rows.filter((row) => row.deleted_at !== null).map((row) => idOf(row.id)),
      };
    },
    search(text: string, limit: number, [name, id]: Position<string> = ['', 0]) {
      const folded = fold(text);
      const rows = search.all(name, id, folded, folded, limit + 1);
      const { page, nextCursor } = toPage(rows.map(toEntry), limit);
      return { users: page, nextCursor };
    },
    change(id: string, change: ProfileChange) {
      const row = existing(id);
      const { name = row.name, avatarUrl = row.avatar_url, locale = row.locale } = change;
      update.run(name, fold(name), avatarUrl, locale, row.id);
      return toUser(existing(id));
    },
  };
}

/** Users of identity providers have the rows after the others. */
function rowOf(id: string): number | undefined {
  const external = EXTERNAL_USERS.findIndex((known) => known === id);
  if (external >= 0) return SEEDED_USERS + 1 + external;
  const row = toRowId(id);
  return row !== undefined && row <= SEEDED_USERS ? row : undefined;
}

const idOf = (row: number): string => EXTERNAL_USERS[row - SEEDED_USERS - 1] ?? String(row);

function toUser({ id, name, email, avatar_url, locale, created_at }: Row) {
  return {
    id: idOf(id),
    name,
    email,
    avatarUrl: avatar_url,
    locale,
    createdAt: toTime(created_at),
  };
}

const toEntry = (row: Row) => ({ ...toUser(row), cursor: toCursor([row.name, row.id]) });
