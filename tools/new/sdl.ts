import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Kind, parse } from 'graphql';
import { ROOT } from '../tree.ts';
import type { Plan } from './plan.ts';

/** A type, or an extension of one, and the fields that it declares. */
interface ObjectType {
  readonly name: string;
  readonly isExtension: boolean;
  readonly fields: readonly string[];
}

/** The SDL files of a folder, sorted by path. */
export const sdlFiles = (plan: Plan, folder: string): { path: string; text: string }[] =>
  globSync(`${folder}/*.graphql`, { cwd: fileURLToPath(ROOT) })
    .sort()
    .map((path) => ({ path, text: plan.read(path) }));

export const objectTypesIn = (sdl: string): ObjectType[] =>
  parse(sdl).definitions.flatMap((definition) => {
    const isExtension = definition.kind === Kind.OBJECT_TYPE_EXTENSION;
    if (!isExtension && definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
    const fields = (definition.fields ?? []).map((field) => field.name.value);
    return [{ name: definition.name.value, isExtension, fields }];
  });
