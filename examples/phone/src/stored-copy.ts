import type { DashboardQuery } from '../../../clients/mobile/graphql.ts';

export interface Copy {
  readonly dashboard: NonNullable<DashboardQuery['dashboard']>;
  /** The time at which it was loaded, in milliseconds since the epoch. */
  readonly loadedAt: number;
}

/** Has a version: increase it with each change of the fields, so that no old copy is shown. */
const KEY = 'dashboard:1';

export function readCopy(): Copy | undefined {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** Storage may be full or turned off: then there is no copy. */
export function storeCopy(copy: Copy): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(copy));
  } catch {}
}

export function deleteCopy(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {}
}
