/** Sender and receiver as child processes that are spoken to over IPC; they end with the bench. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { KeyAndCertificate } from '../../support/certificates.js'
import type {
  Connections,
  Received,
  ReceiverAnswer,
  ReceiverCommand,
  SenderAnswer,
  SenderCommand,
} from './messages.js'

/** Idle connections have long ended after this time, in milliseconds. */
const REST_MAX = 30_000

/** Waits for an answer of one kind; rejects when the process ends first. */
function answerOf<A extends { kind: string }, K extends A['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<A, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onMessage = (answer: unknown): void => {
      if ((answer as A).kind !== kind) return
      settle()
      resolve(answer as Extract<A, { kind: K }>)
    }
    const onExit = (): void => {
      settle()
      reject(new Error('a process of the bench ended before its time'))
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}

abstract class HelperProcess implements AsyncDisposable {
  protected readonly child: ChildProcess

  constructor(name: string) {
    this.child = fork(join(__dirname, `${name}.js`))
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('a process of the bench did not start')
    return this.child.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return
    this.child.disconnect()
    await once(this.child, 'exit')
  }
}

export class Receiver extends HelperProcess {
  constructor() {
    super('receiver')
  }

  /** Gives the port. */
  async listen({ key, cert }: KeyAndCertificate): Promise<number> {
    const answer = answerOf<ReceiverAnswer, 'listening'>(this.child, 'listening')
    this.child.send({ kind: 'listen', key, cert } satisfies ReceiverCommand)
    return (await answer).port
  }

  /** Counts from now on; the promise inside ends when all are there. */
  async expect(messages: number): Promise<{ readonly received: Promise<Received> }> {
    const expecting = answerOf<ReceiverAnswer, 'expecting'>(this.child, 'expecting')
    this.child.send({ kind: 'expect', messages } satisfies ReceiverCommand)
    await expecting
    return { received: answerOf<ReceiverAnswer, 'received'>(this.child, 'received') }
  }

  /** Waits until no connection is open; gives those since the last time. @throws when that takes too long */
  async rest(): Promise<Connections> {
    const resting = answerOf<ReceiverAnswer, 'resting'>(this.child, 'resting')
    this.child.send({ kind: 'rest' } satisfies ReceiverCommand)
    const end = new AbortController()
    const late = pause(REST_MAX, undefined, { signal: end.signal }).then(() => {
      throw new Error(`connections are still open ${REST_MAX / 1000} s after the last message`)
    })
    try {
      return await Promise.race([resting, late])
    } finally {
      end.abort()
    }
  }
}

export class Sender extends HelperProcess {
  constructor() {
    super('sender')
  }

  /** @throws when the server did not take a message. */
  async send(command: SenderCommand): Promise<void> {
    const sent = answerOf<SenderAnswer, 'sent'>(this.child, 'sent')
    this.child.send(command)
    const { problem } = await sent
    if (problem !== undefined) throw new Error(`a message of the bench was not taken: ${problem}`)
  }
}
