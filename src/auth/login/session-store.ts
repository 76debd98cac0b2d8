import { hash, randomBytes, randomUUID } from 'node:crypto';
import { BffError } from '../../errors.ts';
import type { SharedRedis } from '../../redis/client.ts';
import { MAX_COOKIE_VALUE_LENGTH } from './cookies.ts';
import type { Sealer } from './sealer.ts';
import { rethrowUnavailable, type Session } from './session.ts';

/** A session, and the value of its cookie. */
export interface StoredSession {
  readonly session: Session;
  readonly cookie: string;
}

/** A renewed session, and the new value of its cookie; undefined if the cookie stays as it is. */
export interface Renewed {
  readonly session: Session;
  readonly cookie: string | undefined;
}

/** Where sessions are: in their cookie, or in Redis. */
export interface SessionStore {
  create(session: Omit<Session, 'id'>): Promise<StoredSession>;
  /** @returns undefined for a cookie that stands for no session */
  read(cookie: string): Promise<Session | undefined>;
  /** Stores a renewed session. @returns undefined if it was removed meanwhile, and is not stored again */
  replace(session: Session): Promise<Renewed | undefined>;
  /** Removes what is stored outside of the cookie. @returns what was stored last */
  remove(id: string): Promise<Session | undefined>;
  /** The access of all replicas to one session; undefined if there is no more than one process. */
  readonly shared: SharedSessions | undefined;
}

/** All of these reject with UPSTREAM_UNAVAILABLE while Redis does not answer. */
export interface SharedSessions {
  readonly find: (id: string) => Promise<Session | undefined>;
  /** @returns false if another replica has the lock */
  readonly lock: (id: string) => Promise<boolean>;
  readonly unlock: (id: string) => Promise<void>;
}

/** Longer than a renewal may take, so that the lock does not end before it. */
const LOCK_MS = 15_000;
const ID_BYTES = 32;
/** Takes the lock, also if this process has it: the command may run twice. */
const TAKE_LOCK =
  'if redis.call("set", KEYS[1], ARGV[1], "NX", "PX", ARGV[2]) or redis.call("get", KEYS[1]) == ARGV[1] then return 1 end return 0';
const DELETE_OWN_LOCK =
  'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0';

/** Keeps each session in its cookie, encrypted. A copy of the cookie is a copy of the session. */
export function createCookieStore(sealer: Sealer<Session>): SessionStore {
  async function toCookie(session: Session): Promise<string> {
    const text = await sealer.seal(session, session.expiresAt - Date.now());
    if (text.length <= MAX_COOKIE_VALUE_LENGTH) return text;
    throw new BffError(
      'INTERNAL_SERVER_ERROR',
      'The session does not fit into a cookie. The operator must set REDIS_URL.',
      { status: 500 },
    );
  }

  return {
    async create(draft) {
      const session = { ...draft, id: randomUUID() };
      return { session, cookie: await toCookie(session) };
    },
    read: sealer.open,
    replace: async (session) => ({ session, cookie: await toCookie(session) }),
    remove: async () => undefined,
    shared: undefined,
  };
}

/**
 * Keeps sessions in Redis, encrypted, under the hash of a random id that the cookie has. So what is in Redis
 * is of no use without the secret, and no use as a cookie either.
 */
export function createRedisStore(
  { run }: Pick<SharedRedis, 'run'>,
  sealer: Sealer<Session>,
  prefix: string,
): SessionStore {
  const owner = randomUUID();
  const keyOf = (id: string) => `${prefix}:${id}`;
  const lockOf = (id: string) => `${prefix}:lock:${id}`;
  const query: SharedRedis['run'] = (work) => run(work).catch(rethrowUnavailable);

  const find = async (id: string) => open(id, await query((client) => client.get(keyOf(id))));

  async function open(id: string, text: string | null): Promise<Session | undefined> {
    const session = text === null ? undefined : await sealer.open(text);
    // Who can write to Redis must not be able to give a session to another cookie.
    return session?.id === id ? session : undefined;
  }

  return {
    async create(draft) {
      const cookie = randomBytes(ID_BYTES).toString('base64url');
      const session = { ...draft, id: hash('sha256', cookie, 'base64url') };
      const maxAgeMs = session.expiresAt - Date.now();
      const text = await sealer.seal(session, maxAgeMs);
      await query((client) => client.set(keyOf(session.id), text, 'PX', Math.ceil(maxAgeMs)));
      return { session, cookie };
    },
    read: (cookie) => find(hash('sha256', cookie, 'base64url')),
    async replace(session) {
      const maxAgeMs = session.expiresAt - Date.now();
      const text = await sealer.seal(session, maxAgeMs);
      const key = keyOf(session.id);
      // XX: a session that was ended meanwhile does not come back.
      const stored = await query((client) =>
        client.set(key, text, 'PX', Math.max(1, Math.ceil(maxAgeMs)), 'XX'),
      );
      return stored === null ? undefined : { session, cookie: undefined };
    },
    remove: async (id) => open(id, await query((client) => client.getdel(keyOf(id)))),
    shared: {
      find,
      lock: async (id) =>
        (await query((client) => client.eval(TAKE_LOCK, 1, lockOf(id), owner, LOCK_MS))) === 1,
      async unlock(id) {
        await query((client) => client.eval(DELETE_OWN_LOCK, 1, lockOf(id), owner));
      },
    },
  };
}
