/**
 * Why the command did not do what it was asked to, in words for a person. The two classes differ in the exit
 * code: 1 is refused or not found, 2 is wrong use.
 */

/** What was asked for is not done: it is not allowed, not valid, or not there. Exit code 1. */
export class Refusal extends Error {
  readonly code: string = 'REFUSED'
  readonly exitCode: number = 1

  /**
   * @param sentences one or more, each shown on a line of its own
   * @param commands what to type instead or next, shown below the sentences
   */
  constructor(
    readonly sentences: readonly [string, ...string[]],
    readonly commands: readonly string[] = [],
  ) {
    super(sentences.join('; '))
    this.name = 'Refusal'
  }
}

/** The command line itself makes no sense. Exit code 2. */
export class WrongUse extends Refusal {
  override readonly code = 'WRONG_USE'
  override readonly exitCode = 2
}

/** All is said; what is left is the exit code. */
export class Ended extends Error {
  readonly code = 'ENDED'
  constructor(readonly exitCode: number) {
    super(`ended with exit code ${exitCode}`)
    this.name = 'Ended'
  }
}
