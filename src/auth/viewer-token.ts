import type { MaybePromise } from '../maybe-promise.ts';
import { andThen } from '../maybe-promise.ts';
import type { Viewer } from '../viewer.ts';

/**
 * The tokens that viewers were read from, for upstreams that get one in exchange. They are no property
 * of the viewer, so that nothing that copies, compares or logs a viewer has them.
 */
const tokens = new WeakMap<Viewer, string>();

/** Remembers the token of a viewer for as long as the viewer exists. */
export const rememberToken = <V extends Viewer>(
  viewer: MaybePromise<V>,
  token: string,
): MaybePromise<V> =>
  andThen(viewer, (viewer) => {
    tokens.set(viewer, token);
    return viewer;
  });

/** @returns undefined for a viewer without a token, and for the copy that a shared execution has */
export const tokenOf = (viewer: Viewer): string | undefined => tokens.get(viewer);
