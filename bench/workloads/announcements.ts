import { announcements } from '../upstream/data.ts';

export const ANNOUNCEMENTS_QUERY =
  'query Announcements { announcements { id title body publishedAt } }';

/** The answer that every peer must give, computed from the upstream's data. */
export const expectedAnnouncements = { data: { announcements } };
