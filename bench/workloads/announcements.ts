import { announcements } from '../upstream/data.ts';

export const ANNOUNCEMENTS_QUERY =
  'query Announcements { announcements { id title body publishedAt } }';

/** What every peer must answer, by the upstream's data alone. */
export const expectedAnnouncements = { data: { announcements } };
