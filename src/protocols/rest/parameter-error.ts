/** What is wrong with one part of a request (RFC 9457 §3, example). */
export interface ParameterFault {
  /** The name of a path or query parameter, or of a header. */
  readonly parameter?: string;
  /** The place in the body, as a URI fragment (RFC 6901 §6). */
  readonly pointer?: string;
  readonly detail: string;
}

/** Parameters that are missing, unknown or of the wrong type. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly faults: readonly ParameterFault[];

  /** @param faults - at least one */
  constructor(faults: readonly ParameterFault[]) {
    const [first, ...others] = faults;
    const more = others.length > 0 ? ` "errors" has ${others.length} more.` : '';
    super(`${first?.parameter ?? first?.pointer}: ${first?.detail}${more}`);
    this.faults = faults;
  }
}

/** The place in a JSON document. */
export const toPointer = (path: readonly (string | number)[]): string =>
  [
    '#',
    ...path.map((part) =>
      encodeURIComponent(`${part}`.replaceAll('~', '~0').replaceAll('/', '~1')),
    ),
  ].join('/');
