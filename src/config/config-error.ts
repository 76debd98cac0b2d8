/** An invalid configuration. The message has one line per fault, which begins with the variable's name. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  /** @param faults - at least one, such as `WEB_PORT: must be a port number` */
  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(['The configuration is wrong:', ...faults].join('\n  '), options);
    this.faults = faults;
  }
}

/**
 * Calls every reader, so that one error lists all variables at fault.
 * @throws ConfigError with the faults of all readers that throw one
 */
export function readAll<T extends readonly unknown[]>(
  ...readers: { readonly [K in keyof T]: () => T[K] }
): T {
  const faults: string[] = [];
  const values = readers.map((read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  });
  if (faults.length > 0) throw new ConfigError([...new Set(faults)]);
  return values as unknown as T;
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** Describes a zod issue of a file without showing any of its content except names. */
export function describeIssue({ code, path, message, keys = [] }: Issue): string {
  const place = path.join('.') || 'the file';
  if (code === 'custom') return `${place}: ${message}`;
  if (path.length === 0 && code === 'invalid_type') return `${place}: must be a JSON object`;
  if (code === 'unrecognized_keys') return `${place}: unknown ${keys.join(', ')}`;
  return `${place}: is missing or not valid`;
}
