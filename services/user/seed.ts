import type { DatabaseSync } from 'node:sqlite';
import { BASE_TIME_MS, CAST, DAY_MS, EXTERNAL_USERS, SEEDED_USERS } from '../support/cast.ts';
import { createRandom, type Random } from '../support/random.ts';
import { CULTURES, type Culture } from './names.ts';
import { fold } from './users.ts';

type Person = { name: string; locale: string };

export const PEOPLE: Record<string, Person> = {
  [CAST.staff]: { name: 'Ingrid Solberg', locale: 'nb-NO' },
  [CAST.noOrders]: { name: 'Noor van Dijk', locale: 'nl-NL' },
  [CAST.longName]: { name: longName(), locale: 'pt-PT' },
  [CAST.rightToLeft]: { name: 'ليلى الحسن־כהן', locale: 'ar-EG' },
  [CAST.emoji]: { name: '🦊 Zoë 👩🏽‍🚀 Flörsheim 🏳️‍🌈', locale: 'de-AT' },
  [CAST.manyOrders]: { name: '田中 陽翔', locale: 'ja-JP' },
  [CAST.deleted]: { name: 'Casper Lindqvist', locale: 'sv-SE' },
  [CAST.customer]: { name: 'Amara Okafor', locale: 'en-GB' },
  [CAST.otherCustomer]: { name: 'Mateo Fernández', locale: 'es-ES' },
};

export function seedUsers(db: DatabaseSync): void {
  const insert = db.prepare('INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  for (let id = 1; id <= SEEDED_USERS + EXTERNAL_USERS.length; id += 1) {
    const random = createRandom(id);
    const { name, locale } = PEOPLE[id] ?? toPerson(random.pick(CULTURES), random);
    const avatar = random.chance(0.7) ? `https://avatars.frontdesk.example/${id}.png` : null;
    // Accounts are older than any order: those go back two years at most.
    const createdAt = BASE_TIME_MS - random.int(2 * 365 * DAY_MS + DAY_MS, 5 * 365 * DAY_MS);
    const deletedAt = String(id) === CAST.deleted ? BASE_TIME_MS - DAY_MS / 24 : null;
    const email = toEmail(name, id, random);
    insert.run(id, name, fold(name), email, avatar, locale, createdAt, deletedAt);
  }
}

function toPerson({ locale, given, family, familyFirst }: Culture, random: Random): Person {
  const names = [random.pick(given), random.pick(family)];
  return { name: (familyFirst ? names.reverse() : names).join(' '), locale };
}

function toEmail(name: string, id: number, random: Random): string {
  const plain = name.normalize('NFKD').replace(/[đł]/g, (c) => (c === 'đ' ? 'd' : 'l'));
  const words = plain
    .toLowerCase()
    .replaceAll(/[^a-z ]/g, '')
    .split(' ')
    .filter(Boolean);
  const local = words.slice(0, 2).join('.') || 'user';
  return `${local}${id}@${random.pick(['example.com', 'example.net', 'example.org'])}`;
}

/** The longest valid name: exactly 200 code points. */
function longName(): string {
  const given = ['Pedro', 'Miguel', 'Gabriel', 'Rafael', 'Gonzaga', 'Francisco', 'António'];
  const family = ['de Alcântara', 'da Conceição', 'Magalhães', 'Vasconcelos', 'e Albuquerque'];
  const name = `${given.join(' ')} ${family.join(' ')} `.repeat(3);
  return `${[...name].slice(0, 199).join('').trimEnd()}`.padEnd(200, 'o');
}
