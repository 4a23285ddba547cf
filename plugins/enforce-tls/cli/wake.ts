/** After a check: mail that waits for a partner which works is tried. */
import type { CheckRequest, PartnerCheck } from '../check/types.js'
import { errorMessage } from '../text/error-message.js'
import { listed } from '../text/list.js'
import { sayWorking } from '../waiting/say-working.js'
import type { Surroundings } from './context.js'

/** Has the mail tried that waits for partners which work. What becomes of that is no part of the check: it is never a failure. */
export async function wake(
  { asHaraka, waiting, output }: Surroundings,
  questions: readonly CheckRequest[],
  checks: readonly PartnerCheck[],
): Promise<void> {
  const working = questions.filter((_question, index) => checks[index]?.verdict === 'delivered')
  if (!asHaraka || working.length === 0) return
  try {
    const woken = await sayWorking(waiting(), working)
    if (woken.length > 0)
      output.line(`Mail that waits for ${listed(woken)} under this requirement is tried now.`)
  } catch (error) {
    output.line(`Mail that may wait for them is not tried now: ${errorMessage(error)}.`)
  }
}
