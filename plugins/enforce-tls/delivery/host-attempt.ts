/**
 * One try at one MX host of a guarded item: Haraka brings a connected socket, and gets it back with TLS that
 * fulfils the requirement, or goes on to the next host.
 */
import { Socket } from 'node:net'
import type { HarakaMx, HarakaSocket } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import { certificateFailure, loggedSession } from './tls/certificate.js'
import { failureOfEarlyEnd } from './tls/handshake-failure.js'
import type { GuardedItem } from './guarded-item.js'
import { hostOf, isTrustedHop } from './next-hop.js'
import { oneLine } from '../text/one-line.js'
import { SecuredSocket } from './tls/haraka-socket.js'
import { establishTls } from './tls/establish.js'

/**
 * The guarded version of `try_deliver_host_on_socket`.
 *
 * @throws {TypeError} before anything is sent, when there is no requirement or no socket that can be secured.
 */
export function deliverOnSocket(
  guarded: GuardedItem,
  mx: HarakaMx,
  host: string,
  port: number,
  socket: HarakaSocket,
): void {
  const { requirement, haraka } = guarded
  if (isTrusted(guarded, mx)) {
    guarded.mailSaid = true
    return haraka.original('try_deliver_host_on_socket')(mx, host, port, socket)
  }
  const raw = socket.targetsocket
  socket.removeAllListeners()
  socket.clean()
  if (!requirement || !(raw instanceof Socket)) {
    raw?.destroy()
    throw new TypeError('this version of Haraka has another kind of outbound socket')
  }
  // Haraka's limit for a silent peer; until TLS is established each step has a time of its own.
  const idle = raw.timeout ?? 0
  raw.setTimeout(0)
  haraka.run('try_deliver_host_on_socket', async () => {
    const secured = await secure(guarded, mx, requirement, { raw, idle })
    if (!secured) return guarded.item.try_deliver()
    haraka.original('try_deliver_host_on_socket')(mx, host, port, secured)
    secured.start()
  })
}

/** Whether a next hop counts as secure without TLS. */
export function isTrusted({ context }: GuardedItem, mx: HarakaMx): boolean {
  return isTrustedHop(mx, context.settings().main.trustedNextHops)
}

/**
 * @param idle how long the peer may be silent afterwards, in milliseconds
 * @returns `null` when this try has failed, which the round knows then.
 */
async function secure(
  guarded: GuardedItem,
  mx: HarakaMx,
  requirement: Requirement,
  { raw, idle }: { raw: Socket; idle: number },
): Promise<SecuredSocket | null> {
  const { context, round } = guarded
  const { replyTimeout, handshakeTimeout } = context.settings().tls
  const attempt = round.current
  attempt.source = raw.localAddress
  const result = await establishTls({
    socket: raw,
    helo: mx.bind_helo ?? context.me(),
    lmtp: mx.using_lmtp === true,
    serverName: mx.path ? undefined : hostOf(mx),
    context: () => context.secureContext(mx, requirement),
    sessions: (secureContext) => context.sessions(secureContext, mx, requirement),
    verify: (peer) => certificateFailure(peer, requirement, hostOf(mx)),
    timeouts: { reply: replyTimeout, handshake: handshakeTimeout },
  })
  attempt.session = result.session
  if (!result.ok) {
    if (result.triedToResume) tryAnew(guarded, mx, result.failure.detail)
    else round.fail(attempt, result.failure)
    return null
  }
  attempt.secured = true
  const { socket, slot, session } = result
  const logged = loggedSession(requirement, session.certificate)
  const secured = new SecuredSocket(socket, { idle, reply: replyTimeout }, logged)
  secured.onMail = () => (guarded.mailSaid = true)
  secured.onEarlyEnd = (end) => {
    // A server may take a session to be resumed and then be at a loss with it.
    slot?.avoid()
    const failure = failureOfEarlyEnd(end)
    if (session.resumed && !end.refusal) tryAnew(guarded, mx, failure?.detail ?? 'it was silent')
    else if (failure) round.fail(attempt, failure)
  }
  return secured
}

/** A session was resumed, or was to be: nothing is judged by that, the host is tried anew. */
function tryAnew({ item, round }: GuardedItem, mx: HarakaMx, why: string): void {
  item.loginfo(`enforce-tls: a resumed session failed, ${hostOf(mx)} is tried anew: ${oneLine(why)}`)
  round.forgetCurrent()
  item.mxlist?.unshift(mx)
}
