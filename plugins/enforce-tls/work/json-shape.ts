/**
 * Whether JSON that was read has the shape that a schema describes. A schema is compiled when it is first asked:
 * that takes 5 to 20 ms, and nobody who starts a command or Haraka should pay for those that are not used.
 */
import { Ajv, type JSONSchemaType, type ValidateFunction } from 'ajv'

// The schemas are ours, and typed: compiling the schema of schemas takes longer than any of them.
const ajv = new Ajv({ meta: false, validateSchema: false })

/** @returns whether a value, of any kind, is a `T`; never throws. */
export function jsonShape<T>(schema: JSONSchemaType<T>): (value: unknown) => value is T {
  let validate: ValidateFunction<T> | undefined
  return (value): value is T => (validate ??= ajv.compile(schema))(value)
}
