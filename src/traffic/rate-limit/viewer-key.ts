import type { Viewer } from '../../viewer.ts';

/**
 * The rate-limit key of a viewer; undefined for anonymous ones, who are limited by address alone. The
 * keys of a partner count together, except those with a limit of their own. No partner is named `key:…`.
 */
export function viewerKeyOf(viewer: Viewer): string | undefined {
  if (viewer.role === 'anonymous') return undefined;
  if (viewer.role !== 'partner') return `user:${viewer.issuer} ${viewer.id}`;
  return viewer.keyLimit ? `key:${viewer.keyLimit.keyId}` : `partner:${viewer.partner}`;
}

/** The viewer's own limit in cost units per minute; undefined if the configured one applies. */
export const viewerLimitOf = (viewer: Viewer): number | undefined =>
  viewer.role === 'partner' ? viewer.keyLimit?.unitsPerMinute : undefined;
