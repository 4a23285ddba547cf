/** Servers that take a message as they should, and turn into a row of the matrix with the session still open. */
import type { Reply, Steps } from '../../support/peer-behaviour.js'
import type { Plan } from './cells.js'
import { delivered } from './outcomes.js'

/** The server of a plan, good until it is turned. */
export function turning(plan: Plan, isTurned: () => boolean): Plan {
  const { behaviour } = plan
  const { on, onSecure, ...rest } = behaviour
  return {
    ...plan,
    what: `${plan.what}, from the second message on`,
    // What it does before MAIL does not come up again: the session is there.
    outcome: duringMessage(plan) ? plan.outcome : delivered(),
    behaviour: {
      ...rest,
      ...(on && { on: later(on, isTurned) }),
      ...(onSecure && { onSecure: later(onSecure, isTurned) }),
    },
  }
}

/**
 * How many connections there are beside those that the row needs alone: that of the first message. Over it the second
 * has its first attempt where the content goes out, and else it is none.
 */
export function connectionsBefore({ behaviour: { onSecure = {} }, what }: Plan): number {
  return 'message' in onSecure || what.includes('answers DATA twice') ? 0 : 1
}

function duringMessage({ behaviour: { onSecure = {} } }: Plan): boolean {
  return ['MAIL', 'RCPT', 'DATA', 'message'].some((step) => step in onSecure)
}

function later(steps: Steps, isTurned: () => boolean): Steps {
  return Object.fromEntries(
    Object.entries(steps).map(([step, reply]: [string, Reply]) => [
      step,
      (session: { reply(reply: Reply): Promise<void>; proceed(): Promise<void> }) =>
        isTurned() ? session.reply(reply) : session.proceed(),
    ]),
  )
}
