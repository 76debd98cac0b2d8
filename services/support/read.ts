import { type FieldError, invalid } from './refusal.ts';

/** Takes an untrusted value and returns a trusted one, or throws a Wrong. */
export type Reader<T> = (value: unknown) => T;
export type Shape = Record<string, Reader<unknown>>;
export type Fields<S extends Shape> = { [K in keyof S]: ReturnType<S[K]> };

export class Wrong extends Error {
  readonly errors: FieldError[];

  constructor(errors: string | FieldError[]) {
    super('wrong input');
    this.errors = typeof errors === 'string' ? [{ field: '', code: errors }] : errors;
  }
}

/** Reads a query (400) or a body (422), naming every mistake at once. */
export function read<T>(reader: Reader<T>, value: unknown, status: 400 | 422): T {
  try {
    return reader(value);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    throw invalid(status, ...error.errors.map((e) => ({ ...e, field: e.field || 'body' })));
  }
}

export function object<S extends Shape>(shape: S): Reader<Fields<S>> {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Wrong(value === undefined ? 'missing' : 'wrong_type');
    }
    const source = value as Record<string, unknown>;
    const errors: FieldError[] = Object.keys(source)
      .filter((key) => !Object.hasOwn(shape, key))
      .map((field) => ({ field, code: 'unknown_field' }));
    const fields: Record<string, unknown> = {};
    for (const [key, reader] of Object.entries(shape)) {
      fields[key] = collect(errors, key, () =>
        reader(Object.hasOwn(source, key) ? source[key] : undefined),
      );
    }
    if (errors.length > 0) throw new Wrong(errors);
    return fields as Fields<S>;
  };
}

export function list<T>(item: Reader<T>, max: number, min: 0 | 1 = 1): Reader<T[]> {
  return (value) => {
    if (value === undefined) throw new Wrong('missing');
    if (!Array.isArray(value)) throw new Wrong('wrong_type');
    if (value.length < min) throw new Wrong('empty');
    if (value.length > max) throw new Wrong('too_many');
    const errors: FieldError[] = [];
    const items = value.map((each, index) => collect(errors, String(index), () => item(each)));
    if (errors.length > 0) throw new Wrong(errors);
    return items as T[];
  };
}

/** A map from names that the caller checks to values that one reader reads. */
export function record<T>(item: Reader<T>, isName: (name: string) => boolean) {
  return (value: unknown): Record<string, T> => {
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    return object(Object.fromEntries(names.filter(isName).map((name) => [name, item])))(value);
  };
}

export function optional<T>(reader: Reader<T>): Reader<T | undefined>;
export function optional<T>(reader: Reader<T>, fallback: T): Reader<T>;
export function optional<T>(reader: Reader<T>, fallback?: T): Reader<T | undefined> {
  return (value) => (value === undefined ? fallback : reader(value));
}

function collect<T>(errors: FieldError[], key: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    for (const { field, code } of error.errors) {
      errors.push({ field: field === '' ? key : `${key}.${field}`, code });
    }
    return undefined;
  }
}
