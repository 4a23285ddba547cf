/**
 * Gives one object its own versions of some methods, and takes them away again. Every version is total: what
 * throws or rejects inside one goes to `failed` instead of to the caller, who expects neither.
 */

/** A method's own version; the decorated object is known to it. */
type Version = (...args: never[]) => unknown

/** Methods of one object, replaced as long as the decoration is on. */
export class Overrides<T extends object, K extends keyof T & string> {
  readonly #object: T
  readonly #versions: Readonly<Record<K, Version>>
  readonly #failed: (method: string, error: unknown) => void

  constructor(
    object: T,
    versions: Readonly<Record<K, Version>>,
    failed: (method: string, error: unknown) => void,
  ) {
    this.#object = object
    this.#versions = versions
    this.#failed = failed
  }

  /** Attaches the versions; doing it twice is harmless. */
  attach(): void {
    for (const [name, version] of Object.entries<Version>(this.#versions)) {
      Object.defineProperty(this.#object, name, {
        configurable: true,
        value: (...args: never[]) => this.run(name, () => version(...args)),
      })
    }
  }

  /** Detaches them; the object is as it was, but for those to keep. */
  detach(keep: readonly K[] = []): void {
    // The last one first: an object that loses its latest property stays a fast one for V8.
    for (const name of (Object.keys(this.#versions) as K[]).toReversed())
      if (!keep.includes(name)) Reflect.deleteProperty(this.#object, name)
  }

  /** The method as the object's class has it. */
  original<N extends K>(name: N): T[N] {
    const prototype = Object.getPrototypeOf(this.#object) as T
    return (prototype[name] as (...args: unknown[]) => unknown).bind(this.#object) as T[N]
  }

  /** Runs a step under the same protection as a version. */
  run(name: string, step: () => unknown): unknown {
    try {
      const result = step()
      return result instanceof Promise ? result.catch((error: unknown) => this.#failed(name, error)) : result
    } catch (error) {
      this.#failed(name, error)
      return undefined
    }
  }
}
