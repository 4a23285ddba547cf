/**
 * Ready-made steps of servers that misbehave, to be put into the rows of a behaviour table; none of them
 * fails, and those that go on for ever stop when the client has gone.
 */
import type { Reply, Step } from './peer-behaviour.js'

/** Fatal TLS alert, by its number of RFC 8446 section 6: 40 is handshake_failure, 70 protocol_version. */
export function tlsAlert(description: number): Step {
  return (session) => {
    session.raw(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, description]))
    session.end()
  }
}

/** Says nothing, and leaves the connection open. */
export const silence: Step = () => undefined

/** Closes the TCP connection without a reply. */
export const cut: Step = (session) => session.cut()

/** Closes the connection with a TCP reset. */
export const reset: Step = (session) => session.reset()

/** Sends bytes that are neither SMTP nor TLS, as they are. */
export function bytes(data: string | Buffer): Step {
  return (session) => session.raw(data)
}

/** Sends the reply, then closes the connection. */
export function replyAndCut(...lines: string[]): Step {
  return (session) => {
    session.send(...lines)
    session.end()
  }
}

/** Sends the lines of a reply one by one. */
export function drip(lines: readonly string[], everyMs: number): Step {
  return (session) => session.drip(lines, everyMs)
}

/** Repeats one line, usually a continuation such as `220-wait`, until the client has gone. */
export function dripForever(line: string, everyMs: number): Step {
  return async (session) => {
    while (!session.closed) await session.drip([line], everyMs)
  }
}

/** A 220 to STARTTLS, then more bytes in a packet of their own, then the handshake. */
export function injectInNextPacket(smuggled: string, afterMs = 20): Step {
  return async (session) => {
    session.send('220 2.0.0 go ahead')
    await session.pause(afterMs)
    session.raw(smuggled)
    await session.handshake()
  }
}

/** The first connection gets the first reply, the second the second, all later ones the last. */
export function inTurn(...replies: [Reply, ...Reply[]]): Step {
  return async (session) => {
    await session.reply(replies[Math.min(session.number, replies.length) - 1] ?? replies[0])
  }
}

/** Waits, then does what a well-behaved server does. */
export function late(afterMs: number): Step {
  return async (session) => {
    await session.pause(afterMs)
    await session.proceed()
  }
}

/** For `handshake`: waits for the ClientHello, then does the step. */
export function afterClientHello(step: Step): Step {
  return async (session, line) => {
    await session.clientHello()
    await step(session, line)
  }
}
