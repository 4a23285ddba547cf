/** What a well-behaved receiving server does at each step; it accepts whatever no reply table refuses. */
import type { PeerBehaviour, Reply, StepName } from './peer-behaviour.js'
import { addressIn, type PeerSession } from './peer-session.js'

export const DEFAULT_HOSTNAME = 'mx.peer.example'
const DEFAULT_CAPABILITIES = ['8BITMIME', 'SMTPUTF8', 'SIZE 10485760']

export function defaultReply(session: PeerSession, step: StepName): Reply {
  const { hostname = DEFAULT_HOSTNAME, lmtp = false, rcptReplies = {} } = session.behaviour
  switch (step) {
    case 'connect':
      return `220 ${hostname} ready`
    case 'EHLO':
      return lmtp ? '500 5.5.1 this is LMTP' : ehloReply(session)
    case 'LHLO':
      return lmtp ? ehloReply(session) : '500 5.5.1 this is SMTP'
    case 'HELO':
      return lmtp ? '500 5.5.1 this is LMTP' : `250 ${hostname}`
    case 'STARTTLS':
      return session.secure || session.behaviour.starttls === false
        ? '503 5.5.1 no TLS now'
        : '220 2.0.0 go ahead'
    case 'handshake':
      return (inner) => inner.upgrade()
    case 'RCPT':
      return (inner, line) => inner.reply(rcptReplies[addressIn(line)] ?? '250 2.1.5 recipient ok')
    case 'DATA':
      return '354 go ahead'
    case 'message':
      return lmtp ? replyToEach : replyToAll(session)
    case 'QUIT':
      return '221 2.0.0 bye'
    case 'AUTH':
    case 'other':
      return '502 5.5.2 command not implemented'
    case 'MAIL':
    case 'RSET':
    case 'NOOP':
      return '250 2.0.0 ok'
  }
}

function ehloReply({ secure, behaviour }: PeerSession): string[] {
  const { hostname = DEFAULT_HOSTNAME, capabilities = DEFAULT_CAPABILITIES, starttls = true } = behaviour
  const offersRequireTls = behaviour.requiretls === (secure ? 'inside TLS' : 'in the clear')
  const lines = [
    hostname,
    ...capabilities,
    ...(starttls && !secure ? ['STARTTLS'] : []),
    ...(offersRequireTls ? ['REQUIRETLS'] : []),
  ]
  return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`)
}

function replyToAll({ behaviour, recipients }: PeerSession): string {
  return recipients.map((address) => refusal(behaviour, address)).find(Boolean) ?? '250 2.0.0 queued'
}

function replyToEach(session: PeerSession): void {
  for (const address of session.recipients) {
    const reply = refusal(session.behaviour, address) ?? `250 2.0.0 <${address}> delivered`
    if (reply.startsWith('2')) session.accept([address])
    session.send(reply)
  }
}

function refusal({ messageReplies }: PeerBehaviour, address: string): string | undefined {
  return messageReplies?.[address]
}
