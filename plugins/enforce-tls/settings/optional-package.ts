/**
 * Packages that only the console or metrics need, and that an install may leave out (`npm install --omit=optional`).
 * Their absence is reported in one sentence with the way out, and stops nothing else.
 */

import { createRequire } from 'node:module'

const installed = createRequire(__filename)

/** What is in the way of a part of the product whose packages are not installed. */
export class PackageMissing extends Error {
  readonly code = 'PACKAGE_MISSING'

  constructor({ part, packages }: OptionalPart, missing: string, options: ErrorOptions) {
    super(
      `${part} the package ${missing}, which is not installed: npm install ${packages.join(' ')}`,
      options,
    )
    this.name = 'PackageMissing'
  }
}

/** A part of the product with the packages that it alone needs. */
export interface OptionalPart {
  /** With its verb, as the beginning of a sentence. */
  readonly part: string
  readonly packages: readonly string[]
}

export const CONSOLE: OptionalPart = {
  part: 'the console needs',
  packages: ['express', 'helmet', 'rate-limiter-flexible'],
}
export const METRICS: OptionalPart = { part: 'metrics need', packages: ['prom-client'] }

/** @throws {PackageMissing} where a package of a part is not installed. */
export function assertInstalled(part: OptionalPart): void {
  for (const name of part.packages) {
    try {
      installed.resolve(name)
    } catch (error) {
      throw new PackageMissing(part, name, { cause: error })
    }
  }
}
