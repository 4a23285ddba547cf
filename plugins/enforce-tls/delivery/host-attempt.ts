/**
 * One try at one MX host of a guarded item: over an open connection that has served another message, or over a socket
 * that Haraka has connected, and gets back with TLS that fulfils the requirement. Where neither will do, Haraka goes
 * on to the next host.
 */
import { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { HarakaMx, HarakaSocket } from '../haraka/types.js'
import type { HostRequirement } from '../published/host-requirement.js'
import type { Requirement } from '../rules/requirement.js'
import { oneLine } from '../text/one-line.js'
import type { Connection, ConnectionPurpose } from './connections/connection.js'
import { connectionKey, isInternational } from './connections/key.js'
import { watchDot } from './final-dot.js'
import type { GuardedItem } from './guarded-item.js'
import { withTrust, type Terms } from './named-trust.js'
import { withoutLogin } from './gateway-secrets.js'
import { hostOf, isTrustedHop, placeOf, portOf } from './next-hop.js'
import { asItCounts, tlsFailure, type Attempt } from './outcome.js'
import { onMail, type Departure } from './own-socket.js'
import { termsOf } from './published-route.js'
import { certificateFailure, datesCount, loggedSession, datesOf, testedBy } from './tls/certificate.js'
import { establishTls } from './tls/establish.js'
import { OnwardMail } from './tls/onward-mail.js'
import { enterGateway, gatewayRefusal } from './tls/gateway-session.js'
import { hideStartTls } from './tls/hide-starttls.js'
import { failureOfEarlyEnd } from './tls/handshake-failure.js'
import { SecuredSocket } from './tls/haraka-socket.js'

/** The leave was given while TLS itself did not fail: it is none to go in the clear. */
const ONLY_OVER_TLS =
  'would get the message in the clear, and it was released for TLS without the required checks; release it again to let it go in the clear'

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
  const { haraka } = guarded
  if (isFree(guarded, mx)) {
    guarded.mailSaid = true
    if (guarded.release?.encrypted === false) hideStartTls(socket)
    const attempt = guarded.round.current
    attempt.isOwn = true
    const mustBeEncrypted =
      guarded.release?.encrypted === true &&
      !isTrustedHop(mx, guarded.context.settings().main.trustedNextHops)
    const { requirement, release } = guarded
    if (requirement?.onward && release === null)
      attempt.onward = new OnwardMail('offered', false, guarded.cutOff.has(attempt.host))
    const mayGo = (departure: Departure): boolean => {
      if (mustBeEncrypted && departure.encrypted !== true) {
        guarded.round.fail(attempt, tlsFailure('starttls-not-supported', ONLY_OVER_TLS, { temporary: true }))
        return false
      }
      guarded.departs(attempt, departure)
      return true
    }
    onMail(socket, mayGo, attempt.onward ?? null)
    watchDot(socket, attempt)
    return haraka.original('try_deliver_host_on_socket')(mx, host, port, socket)
  }
  const raw = socket.targetsocket
  socket.removeAllListeners()
  socket.clean()
  const terms = guarded.requirement && termsAtHop(guarded, mx, guarded.requirement)
  if (terms?.is === 'failed') {
    // Something has changed since the host was chosen, such as a file of its trust.
    raw?.destroy()
    guarded.round.fail(guarded.round.current, tlsFailure(terms.class, terms.why))
    void guarded.item.try_deliver()
    return
  }
  if (terms?.is !== 'required' || !(raw instanceof Socket)) {
    raw?.destroy()
    throw new TypeError('this version of Haraka has another kind of outbound socket')
  }
  const { requirement } = terms
  // Haraka's limit for a silent peer; until TLS is established each step has a time of its own.
  const idle = raw.timeout ?? 0
  raw.setTimeout(0)
  guarded.uses(raw)
  // Whatever becomes of the round meanwhile.
  const attempt = guarded.round.current
  haraka.run('try_deliver_host_on_socket', async () => {
    const connection = await open(guarded, mx, requirement, { raw, idle })
    if (!connection) return guarded.item.try_deliver()
    const secured = socketOver(guarded, connection, requirement, attempt)
    const { session, slot } = connection
    secured.onEarlyEnd = (end) => {
      // A server may take a session to be resumed and then be at a loss with it.
      slot?.avoid()
      const failure = failureOfEarlyEnd(end)
      if (session.resumed && !end.refusal)
        tryAnew(guarded, mx, RESUMPTION_FAILED, failure?.detail ?? 'it was silent')
      // What the server says inside TLS is its own word.
      else if (failure) guarded.round.fail(attempt, end.refusal ? failure : asItCounts(failure, requirement))
    }
    haraka.original('try_deliver_host_on_socket')(mx, host, port, secured)
    secured.start()
  })
}

/**
 * Delivers over a connection that has served another message, if there is one. What Haraka's `try_deliver` asks
 * before it connects was asked when that one was opened.
 *
 * @returns whether there is one
 */
export function deliverOverOpen(guarded: GuardedItem, mx: HarakaMx, requirement: HostRequirement): boolean {
  const { item, round, context, haraka } = guarded
  // Haraka says SMTPUTF8 only to a server whose EHLO it has heard for this very message.
  if (guarded.stale || isInternational(item)) return false
  const secureContext = usableContext(guarded, mx, requirement)
  if (!secureContext) return false
  const connection = context.connections.take(purposeOf(guarded, mx, requirement, secureContext))
  if (!connection) return false
  const attempt = round.current
  guarded.uses(connection.socket)
  attempt.source = connection.socket.localAddress
  attempt.session = { ...connection.session, reused: true }
  if (connection.tested) attempt.tested = connection.tested
  attempt.secured = true
  const secured = socketOver(guarded, connection, requirement, attempt)
  secured.onStale = ({ why, hasEnded }) => {
    guarded.stale = { connection, hasEnded }
    tryAnew(guarded, mx, 'an open connection did not serve another message', why)
    void item.try_deliver()
  }
  item.mxlist?.shift()
  item.force_tls = true
  const port = portOf(mx)
  haraka.original('try_deliver_host_on_socket')(mx, mx.path ?? mx.exchange ?? '', port, secured)
  secured.goOn()
  return true
}

/**
 * On what terms a message goes to a host: those of its gateway, those of the operator, who counts it as secure without
 * TLS or has released this message, or those of the rules, of what is published, and of a named trust.
 */
export function termsAtHop(guarded: GuardedItem, mx: HarakaMx, requirement: Requirement): Terms {
  const trusts = guarded.context.trusts()
  if (guarded.route) return withTrust({ is: 'required', requirement: guarded.route.requirement }, trusts)
  return guarded.release || isTrustedHop(mx, guarded.context.settings().main.trustedNextHops)
    ? { is: 'free', requirement }
    : withTrust(termsOf(guarded, mx, requirement), trusts)
}

/** Whether Haraka may deliver to a host as it would, with or without TLS. */
export function isFree(guarded: GuardedItem, mx: HarakaMx): boolean {
  const { requirement, context } = guarded
  if (!requirement) return isTrustedHop(mx, context.settings().main.trustedNextHops)
  return termsAtHop(guarded, mx, requirement).is === 'free'
}

/**
 * @param idle how long the peer may be silent afterwards, in milliseconds
 * @returns `null` when this try has failed, which the round knows then.
 */
async function open(
  guarded: GuardedItem,
  mx: HarakaMx,
  requirement: HostRequirement,
  { raw, idle }: { raw: Socket; idle: number },
): Promise<Connection | null> {
  const { context, round } = guarded
  const { replyTimeout, handshakeTimeout } = context.settings().tls
  const attempt = round.current
  const gateway = guarded.route?.gateway ?? null
  const helo = mx.bind_helo ?? context.me()
  const since = performance.now()
  attempt.source = raw.localAddress
  const result = await establishTls({
    socket: raw,
    helo,
    lmtp: mx.using_lmtp === true,
    serverName: serverNameOf(mx, requirement),
    implicitTls: gateway?.implicitTls === true,
    context: () => context.secureContext(mx, requirement),
    sessions: (secureContext) => context.sessions(secureContext, mx, requirement),
    verify: (peer) => certificateFailure(peer, requirement, hostOf(mx)),
    timeouts: { reply: replyTimeout, handshake: handshakeTimeout },
  })
  attempt.session = result.session
  if (!result.ok) {
    if (result.triedToResume) tryAnew(guarded, mx, RESUMPTION_FAILED, result.failure.detail)
    else round.fail(attempt, asItCounts(result.failure, requirement))
    return null
  }
  const { socket, context: secureContext, session, peer, slot } = result
  const unfit = gateway && (await enterGateway(socket, gateway, { helo, timeout: replyTimeout }))
  if (unfit) {
    // A server may take a session to be resumed and then be at a loss with it.
    slot?.avoid()
    round.fail(attempt, unfit)
    return null
  }
  attempt.secured = true
  const testing = testedBy(peer, requirement, hostOf(mx))
  Object.assign(attempt, testing)
  return {
    ...purposeOf(guarded, mx, requirement, secureContext),
    socket,
    session,
    logged: loggedSession(requirement, session.certificate),
    ...testing,
    slot,
    idle,
    dates: datesCount(peer, requirement) ? datesOf(session.certificate) : undefined,
    since,
    messages: 0,
    offersRequireTls: false,
    isAuthenticated: gateway !== null && gateway.login !== null,
  }
}

/** What the server is asked for by SNI; a socket has no name of its own. */
export function serverNameOf(mx: HarakaMx, { held, trust }: HostRequirement): string | undefined {
  if (held?.dane) return mx.path ? undefined : held.dane.base
  if (trust && trust.serverName !== '') return trust.serverName
  return mx.path ? undefined : hostOf(mx)
}

/** What a connection is opened for, and looked for by. */
function purposeOf(
  { item, route, context: { me } }: GuardedItem,
  mx: HarakaMx,
  requirement: HostRequirement,
  context: SecureContext,
): ConnectionPurpose {
  return {
    place: placeOf(mx),
    key: connectionKey(item, mx, requirement, { me: me(), gateway: route?.gateway ?? null }),
    context,
  }
}

/** What Haraka gets to talk to. */
function socketOver(
  guarded: GuardedItem,
  connection: Connection,
  { onward }: HostRequirement,
  attempt: Attempt,
): SecuredSocket {
  const { context } = guarded
  const { socket, idle, logged } = connection
  guarded.connection = connection
  const secured = new SecuredSocket(socket, { idle, reply: context.settings().tls.replyTimeout }, logged)
  watchDot(secured, attempt)
  secured.onAuthenticated = () => (connection.isAuthenticated = true)
  secured.onMail = () => (guarded.mailSaid = true)
  if (guarded.route) {
    secured.preface = guarded.route.mark
    secured.clean = withoutLogin(guarded.route.gateway.login)
    secured.onLine = (asked, line) => {
      const unfit = gatewayRefusal(asked, line)
      if (unfit) guarded.round.fail(attempt, unfit)
      return unfit?.detail ?? null
    }
  }
  if (onward) {
    const mail = new OnwardMail(onward, connection.offersRequireTls, guarded.cutOff.has(attempt.host))
    secured.onward = attempt.onward = mail
    secured.onNotOnward = ({ why, reply }) =>
      guarded.round.fail(
        attempt,
        reply
          ? tlsFailure('requiretls-refused', why, { reply })
          : tlsFailure('requiretls-not-supported', why),
      )
  }
  secured.onServed = () => {
    connection.offersRequireTls = secured.onward?.offered === true
    // What would not serve this message as a further one has served it as the first one.
    if (guarded.stale && !guarded.stale.hasEnded) context.connections.limit(guarded.stale.connection)
    connection.messages++
    guarded.leavePlace(context.connections.give(connection))
  }
  return secured
}

/** The context of a requirement; a fresh connection says why there is none. */
function usableContext(
  { context }: GuardedItem,
  mx: HarakaMx,
  requirement: HostRequirement,
): SecureContext | null {
  try {
    return context.secureContext(mx, requirement)
  } catch {
    return null
  }
}

const RESUMPTION_FAILED = 'a resumed session failed'

/** What failed was made for an earlier message, or was to be: nothing is judged by that, the host is tried anew. */
function tryAnew({ item, round }: GuardedItem, mx: HarakaMx, what: string, why: string): void {
  item.loginfo(`enforce-tls: ${what}, ${hostOf(mx)} is tried anew: ${oneLine(why)}`)
  round.forgetCurrent()
  item.mxlist?.unshift(mx)
}
