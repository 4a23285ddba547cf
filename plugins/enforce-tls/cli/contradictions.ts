/**
 * Refuses `--x` beside `--no-x` in all commands: whichever came last would hold, and what was required could go unsaid.
 * The command then ends as with any wrong use.
 */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'

/** For a command with all below it. */
export function refuseContradictions(command: CommandUnknownOpts): void {
  for (const no of command.options.filter(({ negate }) => negate)) {
    const yes = command.options.find(
      (option) => !option.negate && option.attributeName() === no.attributeName(),
    )
    if (!yes) continue
    const given = new Set<string>()
    for (const option of [yes, no])
      command.on(`option:${option.name()}`, () => {
        given.add(option.name())
        if (given.size > 1)
          command.error(
            `error: option '${yes.long ?? yes.flags}' cannot be used with option '${no.long ?? no.flags}': give one of them`,
          )
      })
  }
  for (const child of command.commands) refuseContradictions(child)
}
