import type { Viewer } from '../../viewer.ts';

/** The rate-limit key of a viewer; undefined for anonymous ones, who are limited by address alone. */
export function viewerKeyOf(viewer: Viewer): string | undefined {
  if (viewer.role === 'anonymous') return undefined;
  if (viewer.role === 'partner') return `partner:${viewer.partner}`;
  return `user:${viewer.issuer}:${viewer.id}`;
}
